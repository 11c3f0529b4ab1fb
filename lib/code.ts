/**
 * A function's code: the handler, bundled by esbuild; if the function runs a user's transform, that transform as a module of its
 * own, and the program of the thread in which it runs; and `bundle.json`.
 *
 * The same sources give the same bytes wherever the project is checked out: the paths in the source maps are
 * relative to the project, and the sources themselves are left out of them.
 */
import { buildSync, type BuildOptions } from 'esbuild';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeBuildError } from '../config/build-messages.ts';
import { BUNDLE_FILES } from '../contract/bundle.ts';
import { ConfigError } from '../config/index.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** The functions, by the directory of their handler's file. */
export type HandlerName = 'ingest' | 'router' | 'deliver' | 'control';

export interface TransformSource {
  /** Absolute path. */
  readonly file: string;
  /** The configuration's key that names it, e.g. `destinations[0].transform`. */
  readonly key: string;
}

export interface FunctionCode {
  /** By name inside the function's directory. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Content hash of the code, configuration left out. */
  readonly codeVersion: string;
  /** Content hash of everything, for the asset. */
  readonly hash: string;
  /** Absolute paths of the files that the code is made of, packages left out. */
  readonly inputs: readonly string[];
}

interface Module {
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
  readonly exports: readonly string[];
  readonly inputs: readonly string[];
}

const buildOptions = (root: string) =>
  ({
    absWorkingDir: root,
    // The output is only ever held in memory. As if it lay in the project's root, so that a stack trace says
    // `lambdas/router/handler.ts`; and so it could only seem to overwrite a source.
    outdir: root,
    write: false,
    allowOverwrite: true,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Packages' ES modules first: esbuild leaves out what is not used of them.
    mainFields: ['module', 'main'],
    // Packages in CommonJS call `require` for Node's own modules; an ES module has none.
    banner: {
      js: `import{createRequire as sluiceCreateRequire}from'node:module';const require=sluiceCreateRequire(import.meta.url);`,
    },
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
  }) as const satisfies BuildOptions;

/**
 * Bundles modules, each for itself, in one run of esbuild: most of its time goes into reading the AWS SDK, once.
 * @param entries files by a name of their module
 */
const bundle = <K extends string>(entries: Readonly<Record<K, string>>, root: string): Record<K, Module> => {
  const names = Object.keys(entries) as K[];
  const { outputFiles, metafile } = buildSync({
    ...buildOptions(root),
    entryPoints: names.map((name) => ({ in: entries[name], out: name })),
  });
  const contents = new Map(outputFiles.map((file) => [path.basename(file.path), file.contents]));
  const inputs = Object.keys(metafile.inputs)
    .filter((input) => !input.includes('node_modules/'))
    .map((input) => path.resolve(root, input));
  const module = (name: K): Module => {
    const output = metafile.outputs[`${name}.js`];
    const [code, sourceMap] = [contents.get(`${name}.js`), contents.get(`${name}.js.map`)];
    if (!output || !code || !sourceMap) throw new Error(`esbuild made no ${name}.js`);
    return { code, sourceMap, exports: output.exports, inputs };
  };
  return Object.fromEntries(names.map((name) => [name, module(name)])) as Record<K, Module>;
};

/** Packages may be installed anywhere above the project, or behind a link; their sources are named anyway. */
const withoutPlace = (sourceMap: Uint8Array): Uint8Array => {
  const map = JSON.parse(Buffer.from(sourceMap).toString()) as { sources: string[] };
  const sources = map.sources.map((source) => source.replace(/^.*?node_modules\//, 'node_modules/'));
  return Buffer.from(JSON.stringify({ ...map, sources }));
};

/** The module's files in a function's directory, under the name that it has there. */
const filesOf = ({ code, sourceMap }: Module, name: string): [string, Uint8Array][] => [
  [name, Buffer.concat([code, Buffer.from(`//# sourceMappingURL=${name}.map\n`)])],
  [`${name}.map`, withoutPlace(sourceMap)],
];

type ProgramName = HandlerName | 'sandbox' | 'check';

let programs: Record<ProgramName, Module> | undefined;

/** One process makes one assembly, in which all destinations share the handler of deliver, and all transforms the sandbox. */
const bundleProgram = (name: ProgramName): Module => {
  const entry = (...names: string[]): string => path.join(PROJECT, 'lambdas', ...names);
  programs ??= bundle(
    {
      ingest: entry('ingest', 'handler.ts'),
      router: entry('router', 'handler.ts'),
      deliver: entry('deliver', 'handler.ts'),
      control: entry('control', 'handler.ts'),
      sandbox: entry('sandbox', 'shell.ts'),
      check: entry('sandbox', 'check.ts'),
    },
    PROJECT,
  );
  return programs[name];
};

const bundleTransform = ({ file, key }: TransformSource, baseDir: string, where: string): Module => {
  const name = path.relative(baseDir, file);
  let made;
  try {
    made = bundle({ transform: file }, baseDir).transform;
  } catch (error) {
    const issues = describeBuildError(error, name).map((line) => `${key}: ${name}, ${line}`);
    throw new ConfigError(issues, where);
  }
  // What `lambdas/sandbox/shell.ts` looks for.
  if (made.exports.includes('default') || made.exports.includes('transform')) return made;
  throw new ConfigError(
    [`${key}: ${name} exports no transform; write \`export default function (event) { ... }\``],
    where,
  );
};

/** The program that runs a function's transform outside of its function: see `lambdas/sandbox/check.ts`. */
export const checkProgram = (): Uint8Array => bundleProgram('check').code;

const hashOf = (files: readonly (readonly [string, Uint8Array])[]): string => {
  const hash = createHash('sha256');
  // Lengths keep the end of one file from being the beginning of the next.
  for (const [name, contents] of files) hash.update(`${name}\n${contents.length}\n`).update(contents);
  return hash.digest('hex');
};

/**
 * @param config what `bundle.json` says besides the code version
 * @param place where the transform's paths begin, and what its errors are prefixed with
 * @throws ConfigError that names the key, the file and the line of a transform that cannot be bundled
 */
export const buildCode = (
  handler: HandlerName,
  config: object,
  place: { readonly baseDir: string; readonly where: string },
  transform?: TransformSource,
): FunctionCode => {
  const main = bundleProgram(handler);
  const user = transform && bundleTransform(transform, place.baseDir, place.where);
  const code = [
    ...filesOf(main, BUNDLE_FILES.code),
    ...(user ? filesOf(user, BUNDLE_FILES.transform) : []),
    ...(user ? filesOf(bundleProgram('sandbox'), BUNDLE_FILES.sandbox) : []),
  ];
  const codeVersion = hashOf(code.filter(([name]) => name.endsWith('.mjs'))).slice(0, 16);
  const bundleJson = new TextEncoder().encode(`${JSON.stringify({ codeVersion, ...config })}\n`);
  const files = [...code, [BUNDLE_FILES.config, bundleJson] as const];
  return {
    files: new Map(files),
    codeVersion,
    hash: hashOf(files),
    inputs: [...main.inputs, ...(user?.inputs ?? [])],
  };
};
