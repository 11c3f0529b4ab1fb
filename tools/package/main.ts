/**
 * `npm run package`: makes `dist/`, which `npm pack ./dist` and `npm publish ./dist` take. In it are the modules as JavaScript with their
 * types, the programs that are deployed, bundled once and for everyone, and the console's page.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import { buildProgram, PROGRAM_NAMES } from '../../lib/code.ts';
import { packModule } from '../../lib/packaged.ts';
import { buildPage, PAGE_FILES } from '../../local/console/page-files.ts';
import { ROOT } from '../../local/common/settings.ts';
import { manifestOf, packageOf, type Checkout } from './manifest.ts';

const OUT = path.join(ROOT, 'dist');

/** What is started or imported of the package; `tsconfig.package.json` has the same. */
const ENTRIES = [
  'lib/index.js',
  'config/index.js',
  'local/index.js',
  'local/main.js',
  'cli/bin.js',
  'bin/sluice.js',
];

/** It is CommonJS without types, and therefore required. */
const REQUIRED = ['dynalite'];

/** As they are in the checkout. */
const COPIED = [
  'LICENSE',
  'CHANGELOG.md',
  'README.md',
  'cdk.json',
  'local/sqs/commit-thread.mjs',
  'lib/shims/cross-fetch.cjs',
];

const compile = (): void => {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.package.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the modules do not compile');
};

const filesIn = (ending: string): readonly string[] =>
  readdirSync(OUT, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(OUT, name));

/** The compiler leaves `.ts` in the imports of types; a package has no such files. */
const nameModules = (): void => {
  for (const file of filesIn('.d.ts')) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(/(from '|import\(')(\.[^']*)\.ts'/g, "$1$2.js'"));
  }
};

/** Names of the packages that the modules import. */
const importedPackages = async (): Promise<ReadonlySet<string>> => {
  const { metafile } = await build({
    entryPoints: [...ENTRIES],
    absWorkingDir: OUT,
    outdir: OUT,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const names = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external === true).map(({ path: specifier }) => packageOf(specifier)),
  );
  return new Set([...names.filter((name) => name !== undefined), ...REQUIRED]);
};

rmSync(OUT, { recursive: true, force: true });
compile();
nameModules();
const imported = await importedPackages();
for (const name of PROGRAM_NAMES) packModule(path.join(OUT, 'programs', name), buildProgram(name).module);
const page = path.join(OUT, 'local', 'console', PAGE_FILES);
mkdirSync(page, { recursive: true });
for (const [name, text] of await buildPage()) writeFileSync(path.join(page, name), text);
for (const name of COPIED) cpSync(path.join(ROOT, name), path.join(OUT, name));
const checkout = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Checkout;
writeFileSync(path.join(OUT, 'package.json'), `${JSON.stringify(manifestOf(checkout, imported), null, 2)}\n`);
