/** The cold start of a destination's real function, as it would be deployed, with a transform and without. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLE_FILES, type DeliverBundle } from '../../../contract/bundle.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { residentMemory } from '../../../local/lambda/memory.ts';
import { LambdaFunction, type LambdaFunctionOptions } from '../../../local/lambda/pool.ts';
import { buildRuntime } from '../../../local/lambda/runtime-bundle.ts';
import { readSettings } from '../../../local/common/settings.ts';
import { readStack } from '../../../local/run/stack.ts';
import { copyAssembly, synthesize } from '../../../local/run/synth.ts';
import { REGION } from '../../../local/template/physical.ts';
import { closing } from '../closing.ts';
import { median } from './median.ts';
import { threadsOf } from './threads.ts';

export interface ColdStart {
  /** Milliseconds until the function's code has loaded: Lambda's "Init Duration", and here the process's own start. */
  readonly init: number;
  /** Milliseconds until it has answered a probe, which waits for the transform to load. */
  readonly answered: number;
  /** Resident after that. Undefined where it cannot be known. */
  readonly memoryBytes: number | undefined;
  /** Of the process. Undefined where it cannot be known. */
  readonly threads: number | undefined;
}

export interface ColdStarts {
  readonly without: ColdStart;
  readonly with: ColdStart;
}

const ROUNDS = 9;
const PROBE = { sluice: 'probe' };
/** A probe calls nothing of AWS. */
const NOWHERE = 'http://127.0.0.1:9';

/** What a function is made of, and directories of its own. */
export type FunctionParts = Omit<LambdaFunctionOptions, 'childrenDir' | 'tmpDir' | 'logger'>;

/** @param dir where the assembly goes @returns the functions of the two destinations */
export const functionParts = async (
  dir: string,
): Promise<{ readonly without: FunctionParts; readonly with: FunctionParts }> => {
  const { root, cacheDir } = readSettings({}, dir);
  const configPath = fileURLToPath(new URL('sluice.config.ts', import.meta.url));
  const assembly = join(dir, 'cdk.out');
  await copyAssembly(await synthesize({ root, cacheDir, configPath }), assembly);
  const { functions } = readStack(await readAssembly(assembly), NOWHERE);
  const runtime = await buildRuntime(dir);
  const found = new Map<string, FunctionParts>();
  for (const { name, arn, codeDir, handler, timeoutMs, memoryMb, ...spec } of functions) {
    const text = await readFile(join(codeDir, BUNDLE_FILES.config), 'utf8');
    const { destination } = JSON.parse(text) as Partial<DeliverBundle>;
    // Of a destination's function alone.
    if (destination === undefined) continue;
    const environment = { ...spec.environment, AWS_REGION: REGION, AWS_ENDPOINT_URL: NOWHERE };
    const parts = { name, arn, codeDir, handler, timeoutMs, memoryMb, environment, runtime };
    found.set(destination.id, parts);
  }
  const of = (destination: string): FunctionParts => {
    const parts = found.get(destination);
    if (parts === undefined) throw new Error(`the template has no function for ${destination}`);
    return parts;
  };
  return { without: of('without'), with: of('with') };
};

/** @throws Error when it does not start, or answers the probe that its code does not load */
export const startOnce = async (parts: FunctionParts): Promise<ColdStart> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const childrenDir = join(dir, 'children');
  let init: number | undefined;
  const lambda = new LambdaFunction({
    ...parts,
    childrenDir,
    tmpDir: join(dir, 'tmp'),
    logger: (line) => {
      const [, milliseconds] = /Init Duration: ([\d.]+) ms/.exec(line) ?? [];
      if (milliseconds !== undefined) init = Number(milliseconds);
    },
  });
  const close = async (): Promise<void> => {
    await lambda.close();
    await rm(dir, { recursive: true, force: true });
  };
  return closing(close, async () => {
    const began = performance.now();
    const result = await lambda.invoke(PROBE);
    const answered = performance.now() - began;
    if (result.kind !== 'payload' || (result.payload as { ok?: unknown }).ok !== true)
      throw new Error(`the function did not start: ${JSON.stringify(result)}`);
    if (init === undefined) throw new Error('the function wrote no Init Duration');
    // The record of the processes names its files by their ids.
    const pid = Number((await readdir(childrenDir))[0]);
    const memoryBytes = residentMemory(pid);
    return {
      init,
      answered,
      memoryBytes: memoryBytes === 0 ? undefined : memoryBytes,
      threads: await threadsOf(pid),
    };
  });
};

const medianOf = (starts: readonly ColdStart[]): ColdStart => {
  const of = (key: 'memoryBytes' | 'threads'): number | undefined => {
    const known = starts.map((start) => start[key]).filter((value) => value !== undefined);
    return known.length === 0 ? undefined : median(known);
  };
  return {
    init: median(starts.map(({ init }) => init)),
    answered: median(starts.map(({ answered }) => answered)),
    memoryBytes: of('memoryBytes'),
    threads: of('threads'),
  };
};

/** In turn, so that what else the machine does hits both. */
export const coldStarts = async (): Promise<ColdStarts> => {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  return closing(
    () => rm(dir, { recursive: true, force: true }),
    async () => {
      const parts = await functionParts(dir);
      const starts: Record<keyof ColdStarts, ColdStart[]> = { without: [], with: [] };
      for (let round = 0; round <= ROUNDS; round += 1) {
        for (const name of ['without', 'with'] as const) {
          const start = await startOnce(parts[name]);
          // The first one reads the files from the disk.
          if (round > 0) starts[name].push(start);
        }
      }
      return { without: medianOf(starts.without), with: medianOf(starts.with) };
    },
  );
};
