/**
 * Reads the configuration's file. It is bundled by esbuild first, so that TypeScript needs no loader, and so that it is
 * known which files it is made of.
 */
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeBuildError } from './build-messages.ts';
import type { PipelineConfig, ResolvedConfig } from './schema.ts';
import { resolvePlans } from './plans/resolve.ts';
import { warningsOf } from './warnings.ts';
import { resolveTransforms } from './transforms.ts';
import { ConfigError, validateConfig } from './validate.ts';

export interface LoadedConfig {
  /** As it was written, and found valid: what the `EventPipeline` construct takes, together with `baseDir`. */
  readonly source: PipelineConfig;
  /** Validated, every default filled in, paths of transforms absolute. */
  readonly config: ResolvedConfig;
  /** What is accepted and should be changed, a line each, which begins with the file's name. */
  readonly warnings: readonly string[];
  /** As errors name the file: short when it is below the working directory. */
  readonly name: string;
  /** The file's absolute path, and its directory. */
  readonly file: string;
  readonly baseDir: string;
  /** Absolute paths of the files that the configuration is made of, packages left out. */
  readonly inputs: readonly string[];
  /** Whether `inputs` alone decide what the configuration is: it asks neither the environment nor the machine. */
  readonly cacheable: boolean;
}

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'];

/** The path of the configuration: `SLUICE_CONFIG`, or `sluice.config.ts`, from the working directory. */
export const configPath = (): string => path.resolve(process.env['SLUICE_CONFIG'] ?? 'sluice.config.ts');

const displayName = (file: string): string => {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
};

/**
 * Loads and validates a configuration. What is loaded is a program: it runs in this process.
 * @param file a .ts, .mjs or .json file whose default export is the configuration
 * @param controlInterval as `validateConfig` has it
 * @throws ConfigError with one line for each mistake, which begins with the file's name
 */
export const loadConfig = async (file = configPath(), controlInterval?: number): Promise<LoadedConfig> => {
  const absolute = path.resolve(file);
  const name = displayName(absolute);
  const { code, inputs, cacheable } = await bundleConfig(absolute, name);
  const written = await importDefault(code, name);
  const baseDir = path.dirname(absolute);
  const valid = validateConfig(written, name, controlInterval);
  // `validateConfig` has just found it to be one.
  const source = written as PipelineConfig;
  const config = resolvePlans(resolveTransforms(valid, source, baseDir, name), source, baseDir, name);
  const warnings = warningsOf(source, config).map(({ warning }) => `${name}: ${warning}`);
  return { source, config, warnings, name, file: absolute, baseDir, inputs, cacheable };
};

const bundleConfig = async (
  file: string,
  name: string,
): Promise<{ code: string } & Pick<LoadedConfig, 'inputs' | 'cacheable'>> => {
  if (!existsSync(file)) {
    throw new ConfigError(['there is no such file; create it, or name another one in SLUICE_CONFIG'], name);
  }
  if (!EXTENSIONS.includes(path.extname(file))) {
    throw new ConfigError([`expected a file that ends in ${EXTENSIONS.join(', ')}`], name);
  }
  const { outputFiles, metafile } = await build(buildOptions(file)).catch((error: unknown) => {
    throw new ConfigError(describeBuildError(error, path.basename(file)), name);
  });
  if (!Object.values(metafile.outputs).some((output) => output.exports.includes('default'))) {
    throw new ConfigError(['has no default export; write `export default defineConfig({ ... })`'], name);
  }
  const own = Object.keys(metafile.inputs).filter((input) => !input.includes('node_modules/'));
  const code = outputFiles.map(({ text }) => text).join('');
  const inputs = own.map((input) => path.resolve(path.dirname(file), input));
  return {
    code,
    inputs,
    cacheable: own.every((input, i) => isSelfContained(input, inputs[i] ?? file, metafile)),
  };
};

const buildOptions = (file: string) =>
  ({
    entryPoints: [file],
    absWorkingDir: path.dirname(file),
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    // The bundle is imported from a data: URL, which has no directory; the file's own stands in for it.
    define: {
      'import.meta.url': JSON.stringify(pathToFileURL(file).href),
      'import.meta.dirname': JSON.stringify(path.dirname(file)),
      'import.meta.filename': JSON.stringify(file),
      __dirname: JSON.stringify(path.dirname(file)),
      __filename: JSON.stringify(file),
    },
    banner: {
      js:
        `import { createRequire as sluiceCreateRequire } from 'node:module';` +
        `const require = sluiceCreateRequire(${JSON.stringify(pathToFileURL(file).href)});`,
    },
  }) as const satisfies BuildOptions;

/**
 * A file that never says `process` and imports nothing of Node's gives the same configuration every time.
 * @param input how esbuild names the file
 */
const isSelfContained = (input: string, file: string, { inputs }: Metafile): boolean =>
  (inputs[input]?.imports ?? []).every((imported) => !isBuiltin(imported.path)) &&
  !/\bprocess\b/.test(readFileSync(file, 'utf8'));

const importDefault = async (code: string, name: string): Promise<unknown> => {
  // Node keeps modules by their URL; one that is loaded again must be evaluated again.
  const url = `data:text/javascript;base64,${Buffer.from(`${code}\n//${randomUUID()}`).toString('base64')}`;
  try {
    const module = (await import(url)) as { default?: unknown };
    return module.default;
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new ConfigError([`threw while it was loaded: ${reason.replaceAll('\n', ' ')}`], name);
  }
};
