/**
 * A function's code: the handler, bundled by esbuild, with what it loads only when it needs it in files of their own; if the function runs a
 * user's transform, that transform as a module of its own, and the program of the thread in which it runs; and `bundle.json`.
 *
 * The same sources give the same bytes wherever the project is checked out: the paths in the source maps are
 * relative to the project, and the sources themselves are left out of them.
 */
import { buildSync, type BuildOptions } from 'esbuild';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeBuildError } from '../config/build-messages.ts';
import { bundleCatalogue, catalogueIn } from './catalogue.ts';
import { CHUNK_NAMES, numbered, REQUIRE_BANNER, type Output } from './chunks.ts';
import { packagedModule, type Module } from './packaged.ts';
import { cacheFile, keptModule, type Bundled } from './program-cache.ts';
import { BUNDLE_FILES } from '../contract/bundle.ts';
import { ConfigError } from '../config/index.ts';
import type { PlanModule } from './plan-module.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** Of the file that esbuild makes of a module; its chunks have names of their own. */
const ENTRY = 'module';

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
  /** Those of the transform alone. */
  readonly transformInputs: readonly string[];
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
    banner: { js: REQUIRE_BANNER },
    outExtension: { '.js': '.mjs' },
    sourcemap: 'external',
    sourcesContent: false,
    metafile: true,
    logLevel: 'silent',
  }) as const satisfies BuildOptions;

const HTTP = fileURLToPath(new URL('shims/http.cjs', import.meta.url));

const isPackages = (input: string): boolean => input.includes('node_modules/');

/**
 * Bundles a module.
 * @param splits what is imported at run time becomes files of their own, which are not read before: a function starts without them
 */
const bundle = (file: string, root: string, splits: boolean): Bundled => {
  const { outputFiles, metafile } = buildSync({
    ...buildOptions(root),
    entryPoints: [{ in: file, out: ENTRY }],
    splitting: splits,
    chunkNames: CHUNK_NAMES,
    alias: splits ? { 'node:http': HTTP, http: HTTP } : {},
  });
  const contents = new Map(outputFiles.map((output) => [path.basename(output.path), output.contents]));
  const made = new Map<string, Output>();
  for (const [name, { inputs }] of Object.entries(metafile.outputs)) {
    const [code, sourceMap] = [contents.get(name), contents.get(`${name}.map`)];
    // The maps are outputs, too.
    if (code === undefined || sourceMap === undefined) continue;
    const isOurs = Object.keys(inputs).some((input) => !isPackages(input));
    made.set(name, isOurs ? { code, sourceMap: withoutPlace(sourceMap) } : { code });
  }
  const { [`${ENTRY}.mjs`]: main } = metafile.outputs;
  const entry = made.get(`${ENTRY}.mjs`);
  if (main === undefined || entry === undefined) throw new Error(`esbuild made nothing of ${file}`);
  const absolute = (input: string) => path.resolve(root, input);
  const all = Object.keys(metafile.inputs);
  const inputs = all.filter((input) => !isPackages(input)).map(absolute);
  const { chunks, entry: code } = numbered(entry, made);
  return { module: { ...code, chunks, exports: main.exports, inputs }, sources: all.map(absolute) };
};

/** Packages may be installed anywhere above the project, or behind a link; their sources are named anyway. */
const withoutPlace = (sourceMap: Uint8Array): Uint8Array => {
  const map = JSON.parse(Buffer.from(sourceMap).toString()) as { sources: string[] };
  const sources = map.sources.map((source) => source.replace(/^.*?node_modules\//, 'node_modules/'));
  return Buffer.from(JSON.stringify({ ...map, sources }));
};

const filesOfOutput = ({ code, sourceMap }: Output, name: string): [string, Uint8Array][] =>
  sourceMap === undefined
    ? [[name, code]]
    : [
        [name, Buffer.concat([code, Buffer.from(`//# sourceMappingURL=${name}.map\n`)])],
        [`${name}.map`, sourceMap],
      ];

/** The module's files in a function's directory, under the name that it has there. */
const filesOf = (module: Module, name: string): [string, Uint8Array][] => [
  ...filesOfOutput(module, name),
  ...[...module.chunks].flatMap(([chunk, output]) => filesOfOutput(output, chunk)),
];

export type ProgramName = HandlerName | 'sandbox' | 'check' | 'actions';

/** In a thread's program and in the check's nothing is imported later. */
const PROGRAMS: Readonly<Record<ProgramName, { readonly file: string; readonly splits: boolean }>> = {
  ingest: { file: 'ingest/handler.ts', splits: true },
  router: { file: 'router/handler.ts', splits: true },
  deliver: { file: 'deliver/handler.ts', splits: true },
  control: { file: 'control/handler.ts', splits: true },
  sandbox: { file: 'sandbox/shell.ts', splits: false },
  check: { file: 'sandbox/check.ts', splits: false },
  actions: { file: 'deliver/destinations/actions/program.ts', splits: false },
};

export const PROGRAM_NAMES = Object.keys(PROGRAMS) as readonly ProgramName[];

const programs = new Map<ProgramName, Module>();

/** Bundles a program from its sources. */
export const buildProgram = (name: ProgramName): Bundled => {
  const { file, splits } = PROGRAMS[name];
  return bundle(path.join(PROJECT, 'lambdas', file), PROJECT, splits);
};

/** What a bundle depends on besides its sources: how it is made, and the versions that are installed. */
const TOOLS = ['lib/code.ts', 'lib/chunks.ts', 'tsconfig.json', 'package-lock.json'].map((file) =>
  path.join(PROJECT, file),
);

const keptProgram = (name: ProgramName): Module =>
  keptModule(cacheFile(PROJECT, name), TOOLS, () => buildProgram(name));

/**
 * One process makes one assembly, in which all destinations share the handler of deliver, and all transforms the sandbox. A package of
 * Sluice has no sources: it brings its programs, so that everyone who installs a version deploys the same code.
 */
const bundleProgram = (name: ProgramName): Module => {
  const made =
    programs.get(name) ?? packagedModule(path.join(PROJECT, 'programs', name)) ?? keptProgram(name);
  programs.set(name, made);
  return made;
};

const bundleTransform = ({ file, key }: TransformSource, baseDir: string, where: string): Module => {
  const name = path.relative(baseDir, file);
  let made;
  try {
    made = bundle(file, baseDir, false).module;
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
 * @param plans the validators of the sources' tracking plans
 * @throws ConfigError that names the key, the file and the line of a transform that cannot be bundled
 */
export const buildCode = (
  handler: HandlerName,
  config: object,
  place: { readonly baseDir: string; readonly where: string },
  transform?: TransformSource,
  plans?: Pick<PlanModule, 'code' | 'inputs'>,
): FunctionCode => {
  const main = bundleProgram(handler);
  const user = transform && bundleTransform(transform, place.baseDir, place.where);
  const thread = user && bundleProgram('sandbox');
  const source = catalogueIn(config);
  const actions = source && bundleProgram('actions');
  const code = [
    ...filesOf(main, BUNDLE_FILES.code),
    ...(user ? filesOf(user, BUNDLE_FILES.transform) : []),
    ...(thread ? filesOf(thread, BUNDLE_FILES.sandbox) : []),
    ...(actions ? filesOf(actions, BUNDLE_FILES.actions) : []),
    ...(source
      ? [[BUNDLE_FILES.catalogue, bundleCatalogue(source, place.baseDir, place.where)] as const]
      : []),
    ...(plans ? [[BUNDLE_FILES.plans, plans.code] as const] : []),
  ];
  const codeVersion = hashOf(code.filter(([name]) => name.endsWith('.mjs'))).slice(0, 16);
  const bundleJson = new TextEncoder().encode(`${JSON.stringify({ codeVersion, ...config })}\n`);
  const files = [...code, [BUNDLE_FILES.config, bundleJson] as const];
  return {
    files: new Map(files),
    codeVersion,
    hash: hashOf(files),
    inputs: [main, user, thread, plans, actions].flatMap((made) => made?.inputs ?? []),
    transformInputs: user?.inputs ?? [],
  };
};
