/** From a configuration to what the local run makes of its template: the real app is synthesized. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASSEMBLY_CHECK } from '../../../config/assembly.ts';
import { readAlignedList } from '../../../contract/aligned-list.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { ROOT } from '../../../local/common/settings.ts';
import { readStack, type Stack } from '../../../local/run/stack.ts';
import { copyAssembly, synthesize } from '../../../local/run/synth.ts';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-synth-')));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const cacheDir = join(dir, 'cache');
const configPath = join(dir, 'sluice.config.json');
const transform = join(dir, 'all.mjs');
const config = {
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: [
    { id: 'crm', type: 'webhook', url: 'https://crm.example.com/', maxConcurrency: 7 },
    { id: 'off', type: 'webhook', url: 'https://off.example.com/', enabled: false },
  ],
  transform: './all.mjs',
  timing: { routerTimeout: '20 seconds', routerVisibility: '2 minutes' },
  ingest: { reservedConcurrency: 5 },
  alerts: {
    pagerDuty: { secretName: 'pager-url' },
    victorOps: { secretName: 'oncall-url' },
    changes: { secretName: 'changes-key' },
    emails: ['ops@example.com'],
    urls: ['https://alerts.example.com/'],
  },
};
const write = (file: string, content: unknown): void =>
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
const synth = () => synthesize({ root: ROOT, configPath, cacheDir });

let assembly: string;
let stack: Stack;
beforeAll(async () => {
  write(configPath, config);
  write(transform, 'export default (event) => event;\n');
  assembly = await synth();
  stack = readStack(await readAssembly(assembly), 'http://127.0.0.1:9324');
});

describe('the stack', () => {
  const named = (part: string): RegExp => new RegExp(part);
  const fn = (part: string) => stack.functions.find(({ name }) => named(part).test(name));

  it('has a FIFO queue and its dead-letter queue for each stage', () => {
    const fifo = stack.queues.filter(({ attributes }) => 'FifoQueue' in attributes);
    expect(fifo).toHaveLength(6);
    for (const { name, attributes } of fifo) {
      expect(name).toMatch(/\.fifo$/);
      expect(attributes).toMatchObject({ FifoQueue: 'true' });
    }
    const events = stack.queues.find(({ name }) => name.includes('RouterQueue'));
    expect(events?.attributes).toMatchObject({
      VisibilityTimeout: '120',
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
    const policy = JSON.parse(events?.attributes['RedrivePolicy'] ?? '{}') as Record<string, unknown>;
    const dead = stack.queues.find(({ name }) => name.includes('RouterDeadLetterQueue'));
    expect(policy).toEqual({
      deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${dead?.name ?? ''}`,
      maxReceiveCount: 1000,
    });
  });

  it('has both tables, with their keys resolved', () => {
    expect(stack.tables.map(({ name }) => name)).toEqual([
      expect.stringMatching(/State/),
      expect.stringMatching(/Parking/),
    ]);
    for (const { properties } of stack.tables)
      expect(properties['KeySchema']).toEqual([
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ]);
  });

  it('has each function, with code that lies in the assembly', () => {
    expect(stack.functions).toHaveLength(5);
    for (const { codeDir, handler } of stack.functions) {
      expect(handler).toBe('index.handler');
      expect(readdirSync(codeDir)).toEqual(expect.arrayContaining(['index.mjs', 'bundle.json']));
    }
    expect(fn('Router')).toMatchObject({ timeoutMs: 20_000, reservedConcurrency: undefined });
    expect(fn('Ingest')).toMatchObject({ reservedConcurrency: 5 });
    expect(readdirSync(fn('Router')?.codeDir ?? '')).toContain('transform.mjs');
  });

  it('gives functions the addresses of their queues and tables', () => {
    const events = stack.queues.find(({ name }) => name.includes('RouterQueue'))?.name ?? '';
    expect(fn('Ingest')?.environment).toMatchObject({
      SLUICE_EVENTS_QUEUE_URL: `http://127.0.0.1:9324/000000000000/${events}`,
      SLUICE_STATE_TABLE: stack.tables[0]?.name,
    });
    // Control's mappings are those that the local run starts.
    const ids = readAlignedList(
      ['router', 'crm', 'off'],
      fn('Control')?.environment['SLUICE_MAPPING_IDS'] ?? '',
    );
    const stages = [...(ids?.values() ?? [])].map(
      (id) => stack.mappings.find((mapping) => mapping.id === id)?.queueName,
    );
    expect(stages).toEqual([
      expect.stringMatching(/Router/),
      expect.stringMatching(/Destinationcrm/),
      expect.stringMatching(/Destinationoff/),
    ]);
  });

  it('has a mapping from each stage’s queue to its function, and one from its dead-letter queue', () => {
    const described = stack.mappings.map(({ queueName, functionName, ...rest }) => ({
      stage: ['Router', 'Destinationcrm', 'Destinationoff'].find(
        (part) => queueName.includes(part) && functionName.includes(part),
      ),
      deadLetters: queueName.includes('DeadLetter'),
      maximumConcurrency: rest.maximumConcurrency,
      reportBatchItemFailures: rest.reportBatchItemFailures,
      enabled: rest.enabled,
    }));
    const mapping = (stage: string, maximumConcurrency: number, deadLetters = false) => ({
      stage,
      deadLetters,
      maximumConcurrency,
      reportBatchItemFailures: true,
      enabled: true,
    });
    expect(described).toHaveLength(6);
    expect(described).toEqual(
      expect.arrayContaining([
        mapping('Router', 50),
        mapping('Router', 2, true),
        mapping('Destinationcrm', 7),
        mapping('Destinationcrm', 2, true),
        // Disabled, it accepts no new events and continues to deliver those it has.
        mapping('Destinationoff', 10),
        mapping('Destinationoff', 2, true),
      ]),
    );
  });

  it('has the API in front of ingest, and control on a schedule', () => {
    expect(stack.api.functionName).toBe(fn('Ingest')?.name);
    expect(stack.api.stage).not.toBe('');
    const failed = stack.api.responses.find(({ type }) => type === 'DEFAULT_5XX');
    expect(failed?.headers).toMatchObject({ 'Access-Control-Allow-Origin': '*' });
    expect(stack.schedules).toEqual([{ expression: 'rate(1 minute)', functionName: fn('Control')?.name }]);
    expect(stack.controlFunction).toBe(fn('Control')?.name);
    expect(fn('Control')?.async.maxRetries).toBe(0);
    const once = { maxRetries: 0, maxAgeMs: 60_000 };
    expect(Object.fromEntries(fn('Control')?.aliases ?? [])).toEqual({
      read: once,
      content: once,
      operate: once,
    });
  });

  it('has control on the flip topic, and pagers on the others, with their secrets named only', () => {
    const described = stack.subscriptions.map(({ topicArn, protocol, endpoint, deadLetterQueue }) => ({
      topic: stack.topics.find(({ arn }) => arn === topicArn)?.name.replace(/.*(Flips|Alarm|Notice).*/, '$1'),
      protocol,
      endpoint,
      hasDeadLetterQueue: stack.queues.some(({ name }) => name === deadLetterQueue),
    }));
    const secret = (name: string) => `{{resolve:secretsmanager:${name}:SecretString:::}}`;
    const pager = { topic: 'Alarm', protocol: 'https', hasDeadLetterQueue: true };
    const notice = { topic: 'Notice', hasDeadLetterQueue: true };
    expect(described).toHaveLength(5);
    expect(described).toEqual(
      expect.arrayContaining([
        { topic: 'Flips', protocol: 'lambda', endpoint: fn('Control')?.name, hasDeadLetterQueue: false },
        { ...pager, endpoint: secret('pager-url') },
        { ...pager, endpoint: secret('oncall-url') },
        { ...notice, protocol: 'https', endpoint: 'https://alerts.example.com/' },
        { topic: 'Notice', protocol: 'email', endpoint: 'ops@example.com', hasDeadLetterQueue: false },
      ]),
    );
  });

  it('has alarms that the local run understands, whose actions are its topics', () => {
    const topics = stack.topics.map(({ arn }) => arn);
    const degraded = stack.alarms.filter(({ name }) => name.endsWith('is in degraded mode'));
    expect(degraded).toHaveLength(3);
    for (const alarm of degraded) expect(alarm).toMatchObject({ period: 10_000, treatMissing: 'ignore' });
    for (const { alarmActions, okActions } of stack.alarms) {
      expect(alarmActions).not.toEqual([]);
      expect(okActions).toEqual(alarmActions);
      for (const action of alarmActions) expect(topics).toContain(action);
    }
  });
});

describe('synthesis', () => {
  it('is done once for what has not changed', async () => {
    const before = statSync(join(assembly, 'manifest.json')).ino;
    expect(await synth()).toBe(assembly);
    expect(statSync(join(assembly, 'manifest.json')).ino).toBe(before);
  });

  it('is done again for a changed transform; the old assembly serves when it is changed back', async () => {
    write(transform, 'export default () => null;\n');
    const changed = await synth();
    expect(changed).not.toBe(assembly);
    write(transform, 'export default (event) => event;\n');
    expect(await synth()).toBe(assembly);
  });

  it('that is not to check a transform has what was checked, and one that checks has not what was not', async () => {
    const unchecked = () => synthesize({ root: ROOT, configPath, cacheDir, checkTransforms: false });
    expect(await unchecked()).toBe(assembly);
    write(transform, `throw new Error('not today');\nexport default null;\n`);
    const made = await unchecked();
    expect(await unchecked()).toBe(made);
    await expect(synth()).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('transform: all.mjs does not load: Error: not today (at all.mjs:1:7)'),
    });
    write(transform, 'export default (event) => event;\n');
    expect(await synth()).toBe(assembly);
  });

  it('leaves the program that runs a transform in the assembly', () => {
    expect(existsSync(join(assembly, ASSEMBLY_CHECK))).toBe(true);
  });

  it('that is refused says why, and leaves nothing behind', async () => {
    const before = readdirSync(cacheDir);
    write(configPath, { ...config, typo: 1 });
    await expect(synth()).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('typo: unknown key; check its spelling, or remove it'),
    });
    write(configPath, config);
    expect(readdirSync(cacheDir).sort()).toEqual(before.sort());
  });
});

describe('copyAssembly', () => {
  const to = join(dir, 'copy');

  it('copies all of it, files that may have changed again, and assets once', async () => {
    await copyAssembly(assembly, to);
    expect(readdirSync(to).sort()).toEqual(readdirSync(assembly).sort());
    const asset = readdirSync(to).find((name) => name.startsWith('asset.')) ?? '';
    const code = join(to, asset, 'index.mjs');
    const before = statSync(code).ino;
    writeFileSync(join(to, 'manifest.json'), 'old');
    await copyAssembly(assembly, to);
    expect(readFileSync(join(to, 'manifest.json'))).toEqual(readFileSync(join(assembly, 'manifest.json')));
    // A function that starts during the copy reads it.
    expect(statSync(code).ino).toBe(before);
  });

  it('ends what a killed copy began', async () => {
    const asset = readdirSync(assembly).find((name) => name.startsWith('asset.')) ?? '';
    rmSync(join(to, asset), { recursive: true });
    writeFileSync(join(to, `part-${asset}`), 'half of it');
    await copyAssembly(assembly, to);
    expect(existsSync(join(to, asset, 'index.mjs'))).toBe(true);
    expect(readdirSync(to).filter((name) => name.startsWith('part-'))).toEqual([]);
  });
});

it('an assembly of two stacks, neither of which says that it has a pipeline, is refused', async () => {
  const artifact = { type: 'aws:cloudformation:stack', properties: { templateFile: 'x.json' } };
  const two = mkdtempSync(join(dir, 'two-'));
  writeFileSync(join(two, 'manifest.json'), JSON.stringify({ artifacts: { One: artifact, Two: artifact } }));
  await expect(readAssembly(two)).rejects.toThrow('the app has no EventPipeline in any of its stacks');
});
