/** The tracking plans of all sources -> one module that validates their events, which the router loads next to its code. */
import standalone from 'ajv/dist/standalone/index.js';
import { buildSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { planCompiler, RUNTIME } from '../config/plans/compiler.ts';
import { readPlan, type ReadPlan } from '../config/plans/plan-file.ts';
import { planKey } from '../config/plans/resolve.ts';
import { ConfigError, type PipelineConfig, type ResolvedConfig } from '../config/index.ts';
import type { PlanSettings } from '../contract/plan.ts';

/** Where what validators call is found: in the packages of Sluice itself. */
const PROJECT = fileURLToPath(new URL('..', import.meta.url));

export interface PlanModule {
  readonly code: Uint8Array;
  /** By the source's id. */
  readonly settings: Readonly<Record<string, PlanSettings>>;
  /** Absolute paths of the plans. */
  readonly inputs: readonly string[];
}

/**
 * What `config/plans/compiler.ts` has the validators call, as source text: a package of Sluice has no sources that could be bundled with
 * them. RE2's code is in the module only if a schema has a pattern.
 */
const DEFINITIONS: Readonly<Record<string, string>> = {
  [RUNTIME.pattern]: `
import { RE2JS } from 're2js';
const ${RUNTIME.pattern} = (source) => RE2JS.compile(RE2JS.translateRegExp(source));`,
  [RUNTIME.isUnique]: `
const sorted = (_, value) => typeof value === 'object' && value !== null && !Array.isArray(value)
  ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  : value;
const ${RUNTIME.isUnique} = (list) => new Set(list.map((item) => JSON.stringify(item, sorted))).size === list.length;`,
};

const bundle = (code: string): Uint8Array => {
  const used = Object.entries(DEFINITIONS).filter(([name]) => code.includes(name));
  const { outputFiles } = buildSync({
    stdin: {
      contents: [...used.map(([, text]) => text), code].join('\n'),
      resolveDir: PROJECT,
      loader: 'js',
    },
    absWorkingDir: PROJECT,
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('esbuild made nothing of the tracking plans');
  return output.contents;
};

/**
 * @param written what `config` was made of: errors name its keys
 * @param place where paths are named from, and what errors are prefixed with
 * @returns undefined where no source has a plan
 * @throws ConfigError with the path of each mistake in a plan
 */
export const planModule = (
  { sources }: Pick<ResolvedConfig, 'sources'>,
  written: PipelineConfig,
  { baseDir, where }: { readonly baseDir: string; readonly where: string },
): PlanModule | undefined => {
  const ajv = planCompiler();
  const plans = new Map<string, ReadPlan>();
  const issues: string[] = [];
  const settings: Record<string, PlanSettings> = {};
  for (const [i, { id: source, plan: configured }] of sources.entries()) {
    if (configured === undefined) continue;
    const { file, onViolation, unplanned } = configured;
    const result = plans.get(file) ?? readPlan(readFileSync(file, 'utf8'), `plan${plans.size}check`, ajv);
    if ('issues' in result) {
      const name = path.relative(baseDir, file);
      issues.push(...result.issues.map((issue) => `${planKey(i, written)}: ${name}: ${issue}`));
      continue;
    }
    const read = 'value' in result ? result.value : result;
    plans.set(file, read);
    const { id, version } = read.plan;
    settings[source] = {
      onViolation,
      unplanned,
      ...(id === undefined ? {} : { id }),
      ...(version === undefined ? {} : { version }),
      rules: read.rules,
    };
  }
  if (issues.length > 0) throw new ConfigError(issues, where);
  if (plans.size === 0) return undefined;
  const names = [...plans.values()].flatMap(({ rules }) => rules.map(({ check }) => [check, check] as const));
  const code = bundle(standalone.default(ajv, Object.fromEntries(names)));
  return { code, settings, inputs: [...plans.keys()] };
};
