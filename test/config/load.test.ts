import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../config/index.ts';
import { configPath, loadConfig } from '../../config/load.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'sluice-config-')));
afterAll(() => rmSync(root, { recursive: true }));

let directory = root;
beforeEach(() => {
  directory = mkdtempSync(path.join(root, 'test-'));
});

/** @returns the file's path */
const write = (name: string, text: string): string => {
  const file = path.join(directory, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

const plain = {
  sources: [{ id: 'web', writeKey: 'key' }],
  destinations: [{ id: 'crm', type: 'webhook', url: 'https://example.com/hook' }],
};
const exported = (config: unknown): string => `export default ${JSON.stringify(config)};\n`;
/** Writes a valid configuration with these keys. @returns the file's path */
const configured = (more: object): string => write('sluice.config.ts', exported({ ...plain, ...more }));

/** The lines of the error, without the test's directory. */
const mistakes = async (file: string): Promise<readonly string[]> => {
  try {
    await loadConfig(file);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(directory, '<dir>').split('\n');
    throw error;
  }
  throw new Error('the configuration was found valid');
};

describe('a configuration that can be loaded', () => {
  it.each([
    ['sluice.config.mjs', exported(plain)],
    ['sluice.config.js', exported(plain)],
    ['sluice.config.json', JSON.stringify(plain)],
    ['sluice.config.ts', `const port: number = 1; void port;\n${exported(plain)}`],
  ])('%s', async (name, text) => {
    const file = write(name, text);
    const loaded = await loadConfig(file);
    expect(loaded.source).toEqual(plain);
    expect(loaded.config.sources).toEqual([
      { id: 'web', enabled: true, orderBy: 'auto', writeKeys: ['key'] },
    ]);
    expect(loaded).toMatchObject({ file, baseDir: directory, inputs: [file], cacheable: true });
  });

  it('warns of keys of earlier versions, with the name of the file', async () => {
    expect((await loadConfig(write('a.json', JSON.stringify(plain)))).warnings).toEqual([]);
    const old = write('b.json', JSON.stringify({ ...plain, timing: { closedDoorLimit: '1 hour' } }));
    const { warnings } = await loadConfig(old);
    expect(warnings.map((line) => line.replaceAll(directory, '<dir>'))).toEqual([
      expect.stringMatching(
        /^<dir>\/b\.json: timing\.closedDoorLimit: is deprecated, .* degradedMode\.parkAfter/,
      ),
    ]);
  });

  it('warns of a retention whose warnings nobody would hear', async () => {
    const deaf = write('c.json', JSON.stringify({ ...plain, records: { retention: '90 days' } }));
    expect((await loadConfig(deaf)).warnings).toEqual([
      expect.stringContaining('c.json: records.retention: '),
    ]);
  });

  it('the sample', async () => {
    const { config, inputs, cacheable } = await loadConfig(path.join(PROJECT, 'sluice.config.ts'));
    expect(config.sources[0]?.writeKeys).toEqual(['local-write-key']);
    expect(config.destinations[0]).toMatchObject({ id: 'crm', url: 'http://127.0.0.1:9000/hook' });
    expect(inputs).toContain(path.join(PROJECT, 'sluice.config.ts'));
    expect(inputs).toContain(path.join(PROJECT, 'config', 'schema.ts'));
    expect(inputs.filter((input) => input.includes('node_modules'))).toEqual([]);
    expect(cacheable).toBe(true);
  });

  it('lists the files that it consists of', async () => {
    const shared = write('shared/keys.ts', `export const writeKey = 'key';`);
    const file = write(
      'sluice.config.ts',
      `import { writeKey } from './shared/keys.ts';
       export default { sources: [{ id: 'web', writeKey }], destinations: [] };`,
    );
    const { inputs, cacheable } = await loadConfig(file);
    expect([...inputs].sort()).toEqual([shared, file].sort());
    expect(cacheable).toBe(true);
  });

  it.each([
    ['the environment', `const writeKey = process.env.SLUICE_TEST_KEY ?? 'key';`],
    ['the machine', `import { hostname } from 'node:os'; const writeKey = hostname();`],
  ])('is not cacheable when it reads %s', async (_, code) => {
    const file = write(
      'sluice.config.ts',
      `${code}\nexport default { sources: [{ id: 'web', writeKey }], destinations: [] };`,
    );
    expect((await loadConfig(file)).cacheable).toBe(false);
  });

  it('is evaluated again each time', async () => {
    const file = write(
      'sluice.config.ts',
      `export default { sources: [{ id: 'web', writeKey: process.env.SLUICE_TEST_KEY }], destinations: [] };`,
    );
    for (const key of ['first', 'second']) {
      process.env['SLUICE_TEST_KEY'] = key;
      expect((await loadConfig(file)).config.sources[0]?.writeKeys).toEqual([key]);
    }
    delete process.env['SLUICE_TEST_KEY'];
  });

  it('knows its own path', async () => {
    const file = write(
      'sluice.config.ts',
      `const id = import.meta.dirname === ${JSON.stringify(directory)} ? 'here' : 'elsewhere';
       export default { sources: [{ id, writeKey: 'k' }], destinations: [] };`,
    );
    expect((await loadConfig(file)).config.sources[0]?.id).toBe('here');
  });

  it('gets absolute paths of transforms, relative to its own directory', async () => {
    const all = write('transforms/all.ts', 'export default (event: unknown) => event;');
    const crm = write('transforms/crm.ts', 'export default (event: unknown) => event;');
    const file = configured({
      transform: './transforms/all.ts',
      destinations: [{ ...plain.destinations[0], transform: 'transforms/crm.ts' }],
    });
    const { config, source } = await loadConfig(file);
    expect(config.transform?.file).toBe(all);
    expect(config.destinations[0]?.transform?.file).toBe(crm);
    expect(source.transform).toBe('./transforms/all.ts');
  });

  it('gets the absolute path of a transform with limits, and keeps the rest unchanged', async () => {
    const all = write('all.ts', 'export default (event: unknown) => event;');
    const transform = { file: './all.ts', timeout: '2s', env: { REGION: 'eu' } };
    const { config, source } = await loadConfig(configured({ transform }));
    expect(config.transform).toEqual({
      file: all,
      timeout: 2_000,
      memory: 128,
      env: { REGION: 'eu' },
      secrets: {},
    });
    expect(source.transform).toEqual(transform);
  });
});

describe('a configuration that cannot be loaded gives one clear line per mistake', () => {
  it('a missing file', async () => {
    expect(await mistakes(path.join(directory, 'sluice.config.ts'))).toEqual([
      '<dir>/sluice.config.ts: there is no such file; create it, or name another one in SLUICE_CONFIG',
    ]);
  });

  it('a file below the working directory has a relative path', async () => {
    expect(await mistakes('no/such.config.ts')).toEqual([
      'no/such.config.ts: there is no such file; create it, or name another one in SLUICE_CONFIG',
    ]);
  });

  it.each<[string, string, string, string]>([
    [
      'another file extension',
      'sluice.yaml',
      'sources: []',
      'expected a file that ends in .ts, .mts, .js, .mjs, .cjs, .json',
    ],
    [
      'a syntax error',
      'sluice.config.ts',
      'export default {\n  sources: [;\n};',
      'line 2, column 13: Unexpected ";"',
    ],
    [
      'a syntax error in JSON',
      'sluice.config.json',
      '{\n  "sources": [}\n}',
      'line 2, column 15: Unexpected "}" in JSON',
    ],
    [
      'an import that does not exist',
      'sluice.config.ts',
      `import { x } from './shared.ts';\nexport default x;`,
      'line 1, column 19: Could not resolve "./shared.ts"',
    ],
    [
      'no default export',
      'sluice.config.ts',
      'export const config = {};',
      'has no default export; write `export default defineConfig({ ... })`',
    ],
    [
      'a throw',
      'sluice.config.ts',
      `export default undefined;\nthrow new RangeError('out of\\nreach');`,
      'threw while it was loaded: RangeError: out of reach',
    ],
    [
      'a wrong value',
      'sluice.config.ts',
      exported({ ...plain, destinations: [{ ...plain.destinations[0], url: 'nowhere' }] }),
      'destinations[0].url: "nowhere" is not an http(s) URL; use for example "https://example.com/hook"',
    ],
    [
      'a function instead of an object',
      'sluice.config.ts',
      'export default () => ({});',
      'the configuration: expected an object',
    ],
  ])('%s', async (_, name, text, line) => {
    expect(await mistakes(write(name, text))).toEqual([`<dir>/${name}: ${line}`]);
  });

  it('a syntax error in a file that it imports', async () => {
    write('shared.ts', 'export const x = {\n');
    const file = write('sluice.config.ts', `import { x } from './shared.ts';\nexport default x;`);
    expect(await mistakes(file)).toEqual([
      '<dir>/sluice.config.ts: shared.ts, line 2, column 1: Expected identifier but found end of file',
    ]);
  });

  it('transforms whose file does not exist', async () => {
    write('transforms/index.ts', '');
    const file = configured({
      transform: './transforms',
      destinations: [{ ...plain.destinations[0], transform: './crm.ts' }],
    });
    expect(await mistakes(file)).toEqual([
      '<dir>/sluice.config.ts: transform: there is no file ./transforms in <dir>',
      '<dir>/sluice.config.ts: destinations[0].transform: there is no file ./crm.ts in <dir>',
    ]);
  });

  it('transforms with limits whose file does not exist: the error names the key of the path', async () => {
    const file = configured({
      transform: { file: './all.ts' },
      destinations: [{ ...plain.destinations[0], transform: { file: './crm.ts', memory: 64 } }],
    });
    expect(await mistakes(file)).toEqual([
      '<dir>/sluice.config.ts: transform.file: there is no file ./all.ts in <dir>',
      '<dir>/sluice.config.ts: destinations[0].transform.file: there is no file ./crm.ts in <dir>',
    ]);
  });
});

describe('configPath', () => {
  it('is sluice.config.ts in the working directory, or the file in SLUICE_CONFIG', () => {
    delete process.env['SLUICE_CONFIG'];
    expect(configPath()).toBe(path.resolve('sluice.config.ts'));
    process.env['SLUICE_CONFIG'] = 'other/pipeline.json';
    expect(configPath()).toBe(path.resolve('other/pipeline.json'));
    delete process.env['SLUICE_CONFIG'];
  });
});
