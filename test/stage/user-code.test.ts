/** A stage's transform in the stage: its module in a thread, its output, and its late failures. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { buildSync } from 'esbuild';
import { BUNDLE_FILES, type TransformBundle } from '../../contract/bundle.ts';
import type { Secrets } from '../../lambdas/aws/secrets.ts';
import { AccessFault, InfraFault } from '../../lambdas/core/base/faults.ts';
import { NOTHING_TO_REDACT } from '../../lambdas/core/base/redaction.ts';
import { Sandbox } from '../../lambdas/sandbox/sandbox.ts';
import {
  NO_USER_CODE,
  userCode,
  type UserCode,
  type UserCodeOptions,
} from '../../lambdas/stage/user-code.ts';
import { until } from '../../tools/driver/until.ts';

const root = mkdtempSync(path.join(tmpdir(), 'sluice-user-code-'));
const shell = path.join(root, BUNDLE_FILES.sandbox);
beforeAll(() => {
  buildSync({
    entryPoints: [fileURLToPath(new URL('../../lambdas/sandbox/shell.ts', import.meta.url))],
    outfile: shell,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
});

const open: UserCode[] = [];
let lines: Record<string, unknown>[];
beforeEach(() => {
  lines = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    return lines.push(JSON.parse(String(line)) as Record<string, unknown>) > 0;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  for (const { transforms } of open.splice(0)) if (transforms instanceof Sandbox) transforms.close();
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const BUNDLE: TransformBundle = { timeout: 5_000, memory: 64, env: {}, secrets: {} };
const NO_SECRETS: Secrets = {
  read: () => Promise.resolve(new Map()),
  expire: () => undefined,
  redact: NOTHING_TO_REDACT,
};

/** @param module undefined: there is none next to the function's code */
const codeOf = (module: string | undefined, more: Partial<UserCodeOptions> = {}): UserCode => {
  const directory = mkdtempSync(path.join(root, 'stage-'));
  copyFileSync(shell, path.join(directory, BUNDLE_FILES.sandbox));
  if (module !== undefined) writeFileSync(path.join(directory, BUNDLE_FILES.transform), module);
  const code = userCode({
    stage: 'crm',
    destination: 'crm',
    bundle: BUNDLE,
    codeVersion: 'v1',
    functionTimeout: 60_000,
    secrets: NO_SECRETS,
    clock: () => 42,
    directory: pathToFileURL(`${directory}${path.sep}`),
    lastWords: { abandoned: () => undefined },
    ...more,
  });
  open.push(code);
  return code;
};

const run = ({ transforms }: UserCode, ...ids: string[]) =>
  transforms.run({
    sourceId: 'web',
    receivedAt: '2026-01-01T00:00:00.000Z',
    events: ids.map((messageId) => ({ messageId })),
    time: 30_000,
  });

describe('a stage without a transform', () => {
  it('starts no thread: the configuration has none, or there is no module', () => {
    expect(codeOf(undefined)).toBe(NO_USER_CODE);
    expect(codeOf('export default (event) => event', { bundle: undefined })).toBe(NO_USER_CODE);
  });

  it('has nothing that could fail late', () => {
    NO_USER_CODE.begin();
    expect(NO_USER_CODE.end()).toBeUndefined();
  });
});

describe('a transform', () => {
  it('runs with the values of the configuration', async () => {
    const read = jest.fn<Secrets['read']>((names) =>
      Promise.resolve(new Map(names.map((name) => [name, `value of ${name}`]))),
    );
    const code = codeOf(
      `export default ({ messageId }, { source, destination, receivedAt, secrets }) =>
         ({ messageId, source, destination, receivedAt, secrets, region: process.env.REGION })`,
      {
        bundle: { ...BUNDLE, env: { REGION: 'eu' }, secrets: { apiKey: { secretName: 'crm/key' } } },
        secrets: { ...NO_SECRETS, read },
      },
    );
    expect(code.transforms.timeout).toBe(5_000);
    expect(await run(code, 'e1')).toEqual({
      made: [
        [
          {
            messageId: 'e1',
            source: 'web',
            destination: 'crm',
            receivedAt: '2026-01-01T00:00:00.000Z',
            secrets: { apiKey: 'value of crm/key' },
            region: 'eu',
          },
        ],
      ],
    });
    expect(read).toHaveBeenCalledWith(['crm/key']);
  });

  it('whose secrets cannot be read starts no event, and is not at fault', async () => {
    const read = () => Promise.reject(new InfraFault('GetSecretValue failed'));
    const code = codeOf('export default (event) => event', {
      bundle: { ...BUNDLE, secrets: { apiKey: { secretName: 'crm/key' } } },
      secrets: { ...NO_SECRETS, read },
    });
    await expect(run(code, 'e1')).rejects.toThrow(InfraFault);
    await expect(code.transforms.check()).rejects.toThrow(InfraFault);
  });

  it('whose secret is missing reports that: the stage lacks something that no retry provides', async () => {
    const read = () => Promise.reject(new AccessFault('GetSecretValue of "crm/key" failed'));
    const code = codeOf('export default (event) => event', {
      bundle: { ...BUNDLE, secrets: { apiKey: { secretName: 'crm/key' } } },
      secrets: { ...NO_SECRETS, read },
    });
    await expect(run(code, 'e1')).rejects.toThrow(AccessFault);
    await expect(code.transforms.check()).rejects.toThrow(AccessFault);
  });
});

describe('the output of a transform', () => {
  const printing = `export default (event, { log }) => {
    for (let i = 0; i < 10; i += 1) log('line ' + i, { _aws: i });
    return event;
  }`;

  it('is logged as lines of our own, with the event, and with its fields nested', async () => {
    const code = codeOf(`export default (event, { log }) => {
      log('bought', { price: 7, level: 'error' });
      console.warn('careful');
      return event;
    }`);
    code.begin();
    await run(code, 'e1');
    await until('two lines', () => lines.length === 2);
    code.end();
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'bought',
        source: 'transform',
        stage: 'crm',
        eventId: 'e1',
        fields: { price: 7, level: 'error' },
      },
      { level: 'warn', message: 'careful', source: 'transform', stage: 'crm', eventId: 'e1' },
    ]);
  });

  it('is limited to 200 lines per invocation, which is logged once; the next invocation has its own limit', async () => {
    const code = codeOf(printing);
    const ids = Array.from({ length: 25 }, (_, i) => `e${i}`);
    for (const count of [25, 20]) {
      lines.length = 0;
      code.begin();
      await run(code, ...ids.slice(0, count));
      code.end();
      const own = lines.filter(({ source }) => source !== 'transform');
      expect(lines.length - own.length).toBe(200);
      const message = 'the transform printed more than is passed on';
      const cut = { level: 'warn', message, stage: 'crm', leftOut: 50 };
      expect(own).toEqual(count === 25 ? [cut] : []);
    }
  });
});

describe('a late failure', () => {
  const late = `export default (event) => {
    setTimeout(() => { throw new RangeError('late: ' + event.messageId); }, 1);
    return event;
  }`;

  it('is logged, counted and given once to the invocation that ends next, with the event that caused it', async () => {
    const code = codeOf(late);
    code.begin();
    expect(await run(code, 'e1')).toEqual({ made: [[{ messageId: 'e1' }]] });
    await until('the line and the metric', () => lines.length >= 2);
    const failure = { kind: 'late', error: 'RangeError: late: e1', eventId: 'e1', codeVersion: 'v1' };
    expect(lines[0]).toMatchObject({
      level: 'warn',
      message: 'code failed after its event had been answered',
      stage: 'crm',
      ...failure,
      error: 'RangeError',
      stack: expect.stringMatching(/^ {4}at .*transform\.mjs:\d+:\d+/) as unknown,
    });
    expect(lines[1]).toMatchObject({ Stage: 'crm', LateCrashes: 1 });
    expect(code.end()).toEqual({
      count: 1,
      last: { ...failure, at: 42, stack: expect.stringContaining('RangeError: late: e1') as unknown },
    });
    expect(code.end()).toBeUndefined();
  });

  it('is counted between invocations as well', async () => {
    const code = codeOf(late);
    await run(code, 'e1', 'e2', 'e3');
    await until('three lines and metrics', () => lines.length >= 6);
    code.begin();
    expect(code.end()).toMatchObject({ count: 3 });
  });
});
