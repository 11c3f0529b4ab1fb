/** The tarball, in empty folders outside of the checkout: types, a synthesis, the local run, and the code that is deployed. */
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildCode } from '../../lib/code.ts';
import { ROOT } from '../../local/common/settings.ts';
import { runProcess, Subprocess } from '../../local/common/subprocess.ts';
import { until } from '../../tools/driver/until.ts';
import { freePort } from '../support/free-port.ts';

/** Milliseconds: a registry may be slow. */
const LIMIT = 300_000;

const root = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-package-')));
let tarball: string;

const outside = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS|SLUICE_)/.test(name)),
  ),
  NO_COLOR: '1',
});

const run = async (cwd: string, command: string, ...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await runProcess(command, args, { cwd, env: outside() });
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}\n${stdout}${stderr}`);
  return stdout;
};

const APP = `import { App, Stack } from 'aws-cdk-lib';
import { EventPipeline } from 'sluice-pipeline';

const app = new App();
const stack = new Stack(app, 'Shop');
const pipeline = new EventPipeline(stack, 'Events', {
  sources: [{ id: 'web', writeKey: 'the-key' }],
  destinations: [{ id: 'crm', type: 'webhook', url: 'https://crm.example.com/' }],
});
pipeline.destination('crm').metricBacklog();
`;

const TSCONFIG = {
  // The types of packages are checked as well.
  compilerOptions: { module: 'nodenext', target: 'es2023', strict: true, noEmit: true, types: ['node'] },
  files: ['app.ts'],
};

const folder = (name: string): string => {
  const dir = mkdtempSync(join(root, `${name}-`));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  writeFileSync(join(dir, 'app.ts'), APP);
  writeFileSync(join(dir, 'app.mjs'), APP);
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  return dir;
};

/** `sluice dev` delivers an event that `sluice send` sends. @param command the command line, with its first arguments */
const deliversAnEvent = async (
  [command, ...first]: readonly [string, ...string[]],
  options: readonly string[],
  where: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<void> => {
  const dev = new Subprocess(command, [...first, 'dev', ...options], where);
  const context = (): string => `${dev.stdout}${dev.stderr}`;
  try {
    await until('it is ready', () => dev.stdout.includes('ready after'), { context });
    await runProcess(command, [...first, 'send'], where);
    await until('the event arrives', () => /track +ada +Hello/.test(dev.stdout), { context });
  } finally {
    dev.kill('SIGINT');
    await dev.ended;
  }
};

beforeAll(async () => {
  await run(ROOT, 'npm', 'run', 'package');
  await run(root, 'npm', 'pack', join(ROOT, 'dist'));
  tarball = join(root, readdirSync(root).find((name) => name.endsWith('.tgz')) ?? '');
}, LIMIT);

afterAll(() => rmSync(root, { recursive: true }));

it(
  'has entries and types that every resolution of ES modules finds',
  async () => {
    const bin = join(ROOT, 'node_modules', '.bin');
    expect(await run(root, join(bin, 'publint'), tarball, '--strict')).toContain('All good');
    await run(root, join(bin, 'attw'), tarball, '--profile', 'esm-only');
  },
  LIMIT,
);

it(
  'deploys the code that the checkout deploys: the same version for everyone',
  async () => {
    const { buildCode: ofPackage } = (await import(join(ROOT, 'dist', 'lib', 'code.js'))) as {
      buildCode: typeof buildCode;
    };
    const place = { baseDir: root, where: 'test' };
    for (const handler of ['ingest', 'router', 'deliver', 'control'] as const) {
      const [here, there] = [buildCode, ofPackage].map((build) => build(handler, {}, place));
      expect([handler, there?.codeVersion]).toEqual([handler, here?.codeVersion]);
    }
  },
  LIMIT,
);

describe.each([
  ['npm', ['install', '--no-audit', '--no-fund', '--save-exact']],
  ['pnpm', ['add', '--save-exact']],
])('installed with %s', (manager, add) => {
  let dir: string;

  const install = (...packages: readonly string[]) =>
    manager === 'npm'
      ? run(dir, 'npm', ...add, ...packages)
      : run(dir, 'npx', '--yes', 'pnpm@10.18.0', ...add, ...packages);

  beforeAll(async () => {
    dir = folder(manager);
    await install(
      tarball,
      'aws-cdk-lib@2.276.0',
      'constructs@10.8.1',
      '@types/node@20.19.41',
      'typescript@6.0.3',
    );
  }, LIMIT);

  it(
    'has the compilers content, the older and the newer',
    async () => {
      await run(dir, process.execPath, join('node_modules', 'typescript', 'bin', 'tsc'), '-p', '.');
      await install('typescript@7.0.2');
      await run(dir, 'npx', 'tsc', '-p', '.');
    },
    LIMIT,
  );

  it(
    'is synthesized by plain JavaScript',
    async () => {
      await run(dir, 'env', 'CDK_OUTDIR=cdk.out', process.execPath, 'app.mjs');
      expect(readdirSync(join(dir, 'cdk.out'))).toContain('Shop.template.json');
    },
    LIMIT,
  );

  it(
    'says what to install for the local run, and runs it then',
    async () => {
      const cli = join(dir, 'node_modules', 'sluice-pipeline', 'cli', 'bin.js');
      const port = await freePort();
      writeFileSync(
        join(dir, 'app.mjs'),
        APP.replace('https://crm.example.com/', `http://127.0.0.1:${port}/`),
      );
      const env = {
        ...outside(),
        SLUICE_PORT: String(await freePort()),
        SLUICE_CONSOLE_PORT: String(await freePort()),
      };
      const args = [cli, 'dev', '--app', 'node app.mjs'];
      const refused = await runProcess(process.execPath, args, { cwd: dir, env });
      expect([refused.code, refused.stderr]).toEqual([
        1,
        expect.stringContaining('npm install --save-dev dynalite libsql'),
      ]);
      await install('dynalite@4.0.0', 'libsql@0.5.29', '@aws-sdk/client-dynamodb@3.1164.0');
      await deliversAnEvent([process.execPath, cli], ['--app', 'node app.mjs'], { cwd: dir, env });
    },
    LIMIT,
  );
});

it(
  'sluice init writes an app whose first event is delivered',
  async () => {
    await run(
      root,
      'npx',
      '--yes',
      '--package',
      tarball,
      'sluice',
      'init',
      'fresh',
      '--package',
      `./${basename(tarball)}`,
    );
    const dir = join(root, 'fresh');
    await run(dir, 'npx', 'tsc', '-p', '.');
    const port = await freePort();
    const app = readFileSync(join(dir, 'app.ts'), 'utf8');
    writeFileSync(join(dir, 'app.ts'), app.replace('9000', String(port)));
    const env = {
      ...outside(),
      SLUICE_PORT: String(await freePort()),
      SLUICE_CONSOLE_PORT: String(await freePort()),
    };
    const cli = join(dir, 'node_modules', '.bin', 'sluice');
    await deliversAnEvent([cli], [], { cwd: dir, env });
  },
  LIMIT,
);
