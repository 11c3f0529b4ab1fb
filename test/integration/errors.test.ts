/** User errors, and the one line that explains the fix. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { PipelineConfig } from '../../config/index.ts';
import type { LocalRunOptions } from '../../tools/driver/local-run.ts';
import { functionProcesses, newLocalRun, startLocalRun, startReceiver } from '../support/local-run.ts';
import type { Receiver } from '../../tools/driver/receiver.ts';

const config: PipelineConfig = {
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: [{ id: 'crm', type: 'webhook', url: 'http://127.0.0.1:9000/hook' }],
};

/** A server whose port is in use. */
let busy: Receiver;
let busyPort: string;
beforeAll(async () => {
  busy = await startReceiver();
  busyPort = new URL(busy.url('/')).port;
});
afterAll(() => busy.close());

/** Starts a run that cannot start. @returns its stderr, after the checks that all mistakes share */
const mistake = async (options: Partial<LocalRunOptions>, run = newLocalRun({ config, ...options })) => {
  const ended = await run.startAndEnd();
  // It did not report a ready pipeline, and left nothing behind.
  expect(ended).toMatchObject({
    code: 1,
    signal: null,
    stdout: expect.stringMatching(/^(Starting \.\.\.\n)?$/),
  });
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  // In another run's directory, the functions belong to that run.
  if (options.dataDir === undefined) expect(functionProcesses(run)).toEqual([]);
  return ended.stderr.replaceAll(run.dir, '<dir>');
};

describe('ports and directories', () => {
  it.each(['SLUICE_PORT', 'SLUICE_CONSOLE_PORT'])('%s: the port is in use', async (name) => {
    const fix = `stop what listens there, or set ${name} to another`;
    expect(await mistake({ env: { [name]: busyPort } })).toBe(`port ${busyPort} is in use; ${fix}\n`);
  });

  it.each(['eighty', '65536'])('SLUICE_PORT: %s', async (port) => {
    const stderr = await mistake({ env: { SLUICE_PORT: port } });
    expect(stderr).toBe(`SLUICE_PORT: "${port}" is not a whole number from 0 to 65535\n`);
  });

  it('the data directory is in use by another local run', async () => {
    const first = newLocalRun({ config });
    await first.start();
    const stderr = await mistake({ dataDir: first.dataDir });
    const fix = 'stop it, or set SLUICE_DATA_DIR to another directory';
    expect(stderr).toBe(`${first.dataDir} is in use by another local run; ${fix}\n`);
    // The first run is not affected.
    expect((await fetch(`${first.dataPlaneUrl}/health`)).status).toBe(200);
    expect(await first.stop()).toMatchObject({ code: 0 });
  });

  it('the data directory is a file', async () => {
    const run = newLocalRun({ config, env: { SLUICE_DATA_DIR: '/dev/null' } });
    expect(await mistake({}, run)).toMatch(
      /^\/dev\/null cannot be the data directory \(EEXIST[^\n]+\); set SLUICE_DATA_DIR to another one\n$/,
    );
  });
});

describe('the configuration', () => {
  const NAME = '<dir>/sluice.config.json';
  const [destination] = config.destinations;
  if (destination === undefined) throw new Error('the configuration has a destination');
  const broken = (change: object) => JSON.stringify({ ...config, ...change });

  it.each<[string, string | undefined, string]>([
    ['is missing', undefined, 'there is no such file; create it, or name another one in SLUICE_CONFIG'],
    [
      'has an unknown key',
      broken({ destinations: [{ ...destination, ulr: 'http://x' }] }),
      'destinations[0].ulr: unknown key; check its spelling, or remove it',
    ],
    [
      'has an id twice',
      broken({ destinations: [destination, destination] }),
      'destinations[1].id: the same id as destinations[0].id; each must be unique',
    ],
    [
      'names an unknown source',
      broken({ destinations: [{ ...destination, sources: ['app'] }] }),
      'destinations[0].sources[0]: there is no source "app"; the sources are web',
    ],
    [
      'has a bad URL',
      broken({ destinations: [{ ...destination, url: 'crm.example.com' }] }),
      'destinations[0].url: "crm.example.com" is not an http(s) URL; use for example "https://example.com/hook"',
    ],
    [
      'names a transform whose file is missing',
      broken({ transform: './transforms/all.ts' }),
      'transform: there is no file ./transforms/all.ts in <dir>',
    ],
  ])('%s', async (_, text, line) => {
    expect(await mistake({ config: text })).toBe(`${NAME}: ${line}\n`);
  });

  it('is not JSON', async () => {
    const stderr = await mistake({ config: '{\n  "sources": [,]\n}' });
    expect(stderr).toMatch(/^<dir>\/sluice\.config\.json: line 2, column 15: [^\n]+\n$/);
  });

  it('two mistakes are two lines', async () => {
    const stderr = await mistake({ config: broken({ sources: [], typo: 1 }) });
    expect(stderr.trimEnd().split('\n')).toEqual([
      `${NAME}: sources: is empty; name at least one source`,
      `${NAME}: typo: unknown key; check its spelling, or remove it`,
    ]);
  });

  it('a transform that has a syntax error is named with the place', async () => {
    const stderr = await mistake({
      config: { ...config, transform: './all.ts' },
      files: { 'all.ts': 'export default (event) => {\n  return event..id;\n};\n' },
    });
    expect(stderr).toMatch(/^[^\n]*transform: [^\n]*all\.ts[^\n]*line 2, column 16: [^\n]+\n$/);
  });

  it('a transform that does not load is named with the place', async () => {
    const options = {
      config: { ...config, transform: './all.ts' },
      files: { 'all.ts': `export default null;\nthrow new Error('cannot load');\n` },
    };
    expect(await mistake(options)).toMatch(
      /^[^\n]*transform: all\.ts does not load: Error: cannot load \(at all\.ts:2:7\); fix it, or set checkTransforms to false [^\n]+\n$/,
    );
    // It starts if transforms are not checked.
    const run = await startLocalRun({ ...options, env: { SLUICE_CHECK_TRANSFORMS: 'false' } });
    expect(await run.stop()).toMatchObject({ code: 0 });
  });

  it('a module of the configuration that throws', async () => {
    const run = newLocalRun({ config: undefined });
    run.write('own.config.ts', `throw new Error('no such tenant');\nexport default {};\n`);
    const named = newLocalRun({ config, env: { SLUICE_CONFIG: join(run.dir, 'own.config.ts') } });
    const stderr = await mistake({}, named);
    expect(stderr).toBe(
      `${join(run.dir, 'own.config.ts')}: threw while it was loaded: Error: no such tenant\n`,
    );
  });
});
