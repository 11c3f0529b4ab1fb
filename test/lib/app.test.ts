import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runProcess, type Ended } from '../../local/common/subprocess.ts';
import { PROJECT, removeDirectories, temporaryDirectory } from './synth.ts';

afterAll(removeDirectories);

/** Without an account: no credentials, no region. */
const environment = (extra: Record<string, string>): Record<string, string> => {
  const { PATH = '', HOME = '' } = process.env;
  return {
    PATH,
    HOME,
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    AWS_EC2_METADATA_DISABLED: 'true',
    NO_COLOR: '1',
    ...extra,
  };
};

const run = (args: readonly string[], cwd: string, env: Record<string, string>): Promise<Ended> =>
  runProcess(process.execPath, args, { cwd, env: environment(env) });

/** Runs `bin/sluice.ts` alone. */
const app = (outdir: string, env: Record<string, string> = {}, cwd = PROJECT): Promise<Ended> =>
  run(['--import', 'tsx', 'bin/sluice.ts'], cwd, { CDK_OUTDIR: outdir, ...env });

const cli = (outdir: string): Promise<Ended> =>
  run(['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--output', outdir], PROJECT, {});

const templateOf = (outdir: string, stack = 'Sluice'): string =>
  readFileSync(path.join(outdir, `${stack}.template.json`), 'utf8');
const assetsOf = (outdir: string): string[] =>
  readdirSync(outdir)
    .filter((name) => name.startsWith('asset.'))
    .sort();

describe('the app', () => {
  const alone = temporaryDirectory();
  let ended: Ended;
  beforeAll(async () => {
    ended = await app(alone);
  });

  it('synthesizes the sample without an account, and warns of its address alone', () => {
    expect(ended.code).toBe(0);
    expect(ended.stdout).toBe('');
    const lines = ended.stderr.split('\n').filter((line) => /warn|deprecat|error/i.test(line));
    expect(lines).toEqual([
      expect.stringMatching(
        /^WARNING the destination crm sends to http:\/\/127\.0\.0\.1:9000\/hook, which works in the local run only/,
      ),
    ]);
  });

  it('leaves behind what the assembly was made from', () => {
    const { inputs, cacheable } = JSON.parse(
      readFileSync(path.join(alone, 'sluice-inputs.json'), 'utf8'),
    ) as { inputs: string[]; cacheable: boolean };
    expect(cacheable).toBe(true);
    for (const file of [
      'sluice.config.ts',
      'bin/sluice.ts',
      'lib/stage.ts',
      'config/schema.ts',
      'cdk.json',
      'package-lock.json',
      'lambdas/ingest/handler.ts',
      'lambdas/control/handler.ts',
      'lambdas/core/event/order-key.ts',
    ]) {
      expect(inputs).toContain(path.join(PROJECT, file));
    }
    expect(inputs.filter((file) => file.includes('node_modules') || !existsSync(file))).toEqual([]);
  });

  it('gives the CDK CLI the same template, which passes the rules of AWS', async () => {
    const byCli = temporaryDirectory();
    const { code, stdout, stderr } = await cli(byCli);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).not.toMatch(/deprecat|error|validation found/i);
    expect(templateOf(byCli)).toBe(templateOf(alone));
    expect(assetsOf(byCli)).toEqual(assetsOf(alone));
  });

  it('makes the same assets wherever the project lies', async () => {
    const elsewhere = temporaryDirectory();
    for (const name of [
      'bin',
      'config',
      'contract',
      'lambdas',
      'lib',
      'cdk.json',
      'package.json',
      'package-lock.json',
      'sluice.config.ts',
      'tsconfig.json',
    ]) {
      cpSync(path.join(PROJECT, name), path.join(elsewhere, name), { recursive: true });
    }
    symlinkSync(path.join(PROJECT, 'node_modules'), path.join(elsewhere, 'node_modules'));
    const outdir = temporaryDirectory();
    expect(await app(outdir, {}, elsewhere)).toMatchObject({ code: 0 });
    expect(assetsOf(outdir)).toEqual(assetsOf(alone));
    expect(templateOf(outdir)).toBe(templateOf(alone));
  });

  it('can be named, and made to go away, by context', async () => {
    const outdir = temporaryDirectory();
    const context = { stackName: 'Shop', namePrefix: 'shop', removalPolicy: 'destroy' };
    expect(await app(outdir, { CDK_CONTEXT_JSON: JSON.stringify(context) })).toMatchObject({ code: 0 });
    const { Resources } = JSON.parse(templateOf(outdir, 'Shop')) as {
      Resources: Record<
        string,
        { Type: string; Properties: Record<string, unknown>; DeletionPolicy: string }
      >;
    };
    const queues = Object.values(Resources).filter(({ Type }) => Type === 'AWS::SQS::Queue');
    expect(queues.map(({ Properties }) => Properties['QueueName'])).toContain('shop-events.fifo');
    expect(new Set(queues.map(({ DeletionPolicy }) => DeletionPolicy))).toEqual(new Set(['Delete']));
  });
});

describe('a transform that does not load', () => {
  it('is deployed when the context says so', async () => {
    const directory = temporaryDirectory();
    const config = path.join(directory, 'pipeline.json');
    writeFileSync(path.join(directory, 'all.ts'), `throw new Error('not today');\nexport default null;\n`);
    const sources = [{ id: 'web', writeKey: 'key' }];
    writeFileSync(config, JSON.stringify({ sources, destinations: [], transform: './all.ts' }));
    const env = { SLUICE_CONFIG: config, CDK_CONTEXT_JSON: '{"checkTransforms":"false"}' };
    expect(await app(temporaryDirectory(), env)).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('a mistake is said in a line each, without a stack trace, and the exit code is 1', () => {
  const directory = temporaryDirectory();
  const config = path.join(directory, 'pipeline.mjs');
  const refused = async (env: Record<string, string> = {}): Promise<string[]> => {
    const outdir = temporaryDirectory();
    const { code, stdout, stderr } = await app(outdir, { SLUICE_CONFIG: config, ...env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(existsSync(path.join(outdir, 'manifest.json'))).toBe(false);
    return stderr.trimEnd().split('\n');
  };
  const write = (destination: object): void => {
    const sources = [{ id: 'web', writeKey: 'key' }];
    const crm = { id: 'crm', type: 'webhook', url: 'https://example.com', ...destination };
    writeFileSync(config, `export default ${JSON.stringify({ sources, destinations: [crm] })};`);
  };

  it('when there is no configuration', async () => {
    expect(await refused({ SLUICE_CONFIG: 'nowhere.ts' })).toEqual([
      'nowhere.ts: there is no such file; create it, or name another one in SLUICE_CONFIG',
    ]);
  });

  it('when keys are wrong', async () => {
    write({ url: 'nowhere', sources: ['app'], btach: 3 });
    expect(await refused()).toEqual([
      `${config}: destinations[0].url: "nowhere" is not an http(s) URL; use for example "https://example.com/hook"`,
      `${config}: destinations[0].btach: unknown key; check its spelling, or remove it`,
    ]);
  });

  it('when a transform cannot be bundled', async () => {
    writeFileSync(path.join(directory, 'crm.ts'), 'export default (event) => {\n  return event +;\n};\n');
    write({ transform: './crm.ts' });
    expect(await refused()).toEqual([
      `${config}: destinations[0].transform: crm.ts, line 2, column 17: Unexpected ";"`,
    ]);
  });

  it('when a transform does not load', async () => {
    writeFileSync(path.join(directory, 'crm.ts'), `export default null;\nthrow new Error('not today');\n`);
    write({ transform: './crm.ts' });
    expect(await refused()).toEqual([
      expect.stringMatching(
        /: destinations\[0\]\.transform: crm\.ts does not load: Error: not today \(at crm\.ts:2:7\); fix it, or set checkTransforms to false/,
      ),
    ]);
  });

  it.each([
    ['removalPolicy', 'keep', 'retain or destroy'],
    ['checkTransforms', 'no', 'true or false'],
    ['faultInjection', 'yes', 'true or false'],
  ])('when the context is wrong: %s', async (key, value, known) => {
    write({});
    expect(await refused({ CDK_CONTEXT_JSON: JSON.stringify({ [key]: value }) })).toEqual([
      `context ${key}: "${value}" is unknown; use ${known}`,
    ]);
  });
});
