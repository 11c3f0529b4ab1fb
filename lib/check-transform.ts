/**
 * Loads a transform once while its function is synthesized, in a process of its own. What does not load here would not load in the
 * function either, where its stage would degrade.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BUNDLE_FILES, type DeliverBundle, type RouterBundle } from '../contract/bundle.ts';
import { checkEnvironment, type CheckAnswer, type CheckRequest } from '../contract/transform-check.ts';
import { ConfigError } from '../config/index.ts';
import { checkProgram, type FunctionCode, type TransformSource } from './code.ts';

/** Milliseconds. The program itself allows the module 8 seconds, and says so. */
const LIMIT = 30_000;

/** Bytes; it has what the module printed, too. */
const MAX_ANSWER = 64 * 1_048_576;

/** Calls of the stack that the error names, and characters of the module's own error. */
const CALLS = 3;
const MAX_ERROR = 300;

const DEPLOY_ANYWAY =
  'fix it, or set checkTransforms to false (cdk -c checkTransforms=false, npx sluice redeploy --unchecked, ' +
  'SLUICE_CHECK_TRANSFORMS=false npm start) to deploy it anyway';

/** Several destinations may have the same transform: it is loaded once. */
const loaded = new Set<string>();

/**
 * @param code with the transform's module and the program of its thread
 * @param place where the transform's paths begin, and what its errors are prefixed with
 * @param memory of the function; MB
 * @throws ConfigError that names the key, the file and the places in it where the transform does not load
 */
export const checkTransform = (
  code: FunctionCode,
  { file, key }: TransformSource,
  { baseDir, where }: { readonly baseDir: string; readonly where: string },
  memory: number,
): void => {
  const identity = identityOf(code);
  if (loaded.has(identity)) return;
  const why = loadIn(code, memory);
  if (why === undefined) loaded.add(identity);
  else {
    const name = path.relative(baseDir, file);
    throw new ConfigError([`${key}: ${name} does not load: ${why}; ${DEPLOY_ANYWAY}`], where);
  }
};

const textOf = ({ files }: FunctionCode, name: string): string =>
  Buffer.from(files.get(name) ?? []).toString();

/** Everything that the module sees while it is loaded. */
const identityOf = (code: FunctionCode): string => {
  const { transform } = JSON.parse(textOf(code, BUNDLE_FILES.config)) as RouterBundle | DeliverBundle;
  return JSON.stringify([transform, textOf(code, BUNDLE_FILES.transform)]);
};

/** @returns why it does not load, in one line */
const loadIn = ({ files }: FunctionCode, memory: number): string | undefined => {
  const root = mkdtempSync(path.join(tmpdir(), 'sluice-check-'));
  try {
    const directory = path.join(root, 'function');
    mkdirSync(directory);
    for (const [name, contents] of files) writeFileSync(path.join(directory, name), contents);
    const program = path.join(root, 'check.mjs');
    writeFileSync(program, checkProgram());
    return runProgram(program, directory, memory);
  } finally {
    rmSync(root, { recursive: true });
  }
};

const runProgram = (program: string, directory: string, memory: number): string | undefined => {
  const { stdout, error, status, signal } = spawnSync(process.execPath, [program, directory], {
    input: JSON.stringify({ events: [], secrets: {} } satisfies CheckRequest),
    encoding: 'utf8',
    timeout: LIMIT,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_ANSWER,
    cwd: directory,
    env: { ...process.env, ...checkEnvironment(memory) },
  });
  if (error !== undefined) return `the process that loads it failed: ${error.message}`;
  // The program ends with its answer; what stands before that was written by something that the module started.
  const answer = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (answer === '') return `the process that loads it ended (${signal ?? `code ${status ?? 0}`})`;
  const { load } = JSON.parse(answer) as CheckAnswer;
  if (load === undefined) return undefined;
  const calls = (load.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, CALLS)
    .map((line) => line.trim());
  const what = load.error.replaceAll(/\s+/g, ' ').slice(0, MAX_ERROR);
  return calls.length === 0 ? what : `${what} (${calls.join(', ')})`;
};
