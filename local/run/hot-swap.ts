/** New code for the functions whose transform has changed, without a synthesis: it takes a fraction of a second. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../../config/index.ts';
import { TRANSFORM_METADATA, type TransformMetadata } from '../../config/assembly.ts';
import { BUNDLE_FILES } from '../../contract/bundle.ts';
import { buildCode } from '../../lib/code.ts';
import { checkTransform } from '../../lib/check-transform.ts';
import { UsageError } from '../common/settings.ts';
import type { FunctionSpec } from '../lambda/template.ts';
import type { MetadataEntry } from '../template/manifest.ts';

/** A function that runs a transform. */
export interface TransformedFunction {
  readonly spec: FunctionSpec;
  readonly transform: TransformMetadata;
}

/** @param described by the function's logical id */
export const transformedFunctions = (
  functions: readonly FunctionSpec[],
  described: ReadonlyMap<string, readonly MetadataEntry[]>,
): readonly TransformedFunction[] =>
  functions.flatMap((spec) => {
    const entry = described.get(spec.logicalId)?.find(({ type }) => type === TRANSFORM_METADATA);
    // `lib/function.ts` has written it.
    return entry === undefined ? [] : [{ spec, transform: entry.data as TransformMetadata }];
  });

/**
 * @param changed absolute paths
 * @returns those that have to be built again; undefined when something else has changed, which only a synthesis takes up
 */
export const affectedBy = (
  changed: readonly string[],
  functions: readonly TransformedFunction[],
): readonly TransformedFunction[] | undefined => {
  const isKnown = (file: string): boolean =>
    functions.some(({ transform }) => transform.inputs.includes(file));
  if (changed.length === 0 || !changed.every(isKnown)) return undefined;
  return functions.filter(({ transform }) => changed.some((file) => transform.inputs.includes(file)));
};

/** The validators of tracking plans do not depend on the transform. */
const plansIn = async (
  codeDir: string,
): Promise<{ code: Uint8Array; inputs: readonly string[] } | undefined> => {
  const file = join(codeDir, BUNDLE_FILES.plans);
  return existsSync(file) ? { code: await readFile(file), inputs: [] } : undefined;
};

/** @throws UsageError that names the file and the line where a transform cannot be bundled, or does not load */
export const rebuild = async (
  { spec, transform }: TransformedFunction,
  assembly: string,
  checks: boolean,
): Promise<TransformedFunction> => {
  const { handler, file, key, baseDir, where, memory } = transform;
  const text = await readFile(join(spec.codeDir, BUNDLE_FILES.config), 'utf8');
  const { codeVersion, ...config } = JSON.parse(text) as { codeVersion: string };
  const source = { file, key };
  const place = { baseDir, where };
  try {
    const code = buildCode(handler, config, place, source, await plansIn(spec.codeDir));
    if (code.codeVersion === codeVersion) return { spec, transform };
    if (checks) checkTransform(code, source, place, memory);
    const codeDir = join(assembly, `asset.${code.hash}`);
    await mkdir(codeDir, { recursive: true });
    for (const [name, contents] of code.files) await writeFile(join(codeDir, name), contents);
    return { spec: { ...spec, codeDir }, transform: { ...transform, inputs: code.transformInputs } };
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
};
