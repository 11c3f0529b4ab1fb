/** The state table's adapters, against dynalite. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatchGetItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DynamoParkingStore } from '../../lambdas/aws/parking-store.ts';
import { DynamoStageRegistry } from '../../lambdas/aws/stage-registry.ts';
import { DynamoStateStore, modeKey } from '../../lambdas/aws/state-store.ts';
import { NORMAL, UNREADABLE, type ModeRecord } from '../../lambdas/core/mode.ts';
import { InfraFault } from '../../lambdas/core/ports.ts';
import { startTables, TABLES } from './tables.ts';

let client: DynamoDBClient;
let stop: () => Promise<void>;
let store: DynamoStateStore;

beforeAll(async () => {
  ({ client, stop } = await startTables());
  store = new DynamoStateStore(client, TABLES, () => 1_000_000);
});
afterAll(() => stop());

const put = (stage: string, item: object) =>
  client.send(new PutItemCommand({ TableName: 'state', Item: marshall({ ...modeKey(stage), ...item }) }));

const degraded = (more: Partial<ModeRecord> = {}): ModeRecord => ({
  ...NORMAL,
  mode: 'degraded',
  epoch: 1,
  rev: 1,
  since: 5,
  reason: '5 messages were redriven',
  redrives: [{ id: 'm', at: 4 }],
  lastCrash: { kind: 'throw', error: 'no', codeVersion: 'v', at: 4 },
  history: [{ epoch: 1, mode: 'degraded', at: 5, reason: 'r' }],
  ...more,
});
const save = (stage: string, record: ModeRecord) => store.writeMode(stage, record, NORMAL);

describe('the state of a batch', () => {
  it('is normal, with nothing parked and no attempts, while nothing is stored', async () => {
    expect(await store.read('empty', { keys: ['u'], attemptsOf: ['m1'] })).toEqual({
      own: NORMAL,
      system: NORMAL,
      parked: new Set(),
      attempts: new Map(),
    });
  });

  it('has the stage’s mode and the system’s', async () => {
    await save('crm', degraded({ mode: 'recovering' }));
    await save('router', degraded({ held: true }));
    const { own, system } = await store.read('crm', { keys: [], attemptsOf: [] });
    expect(own).toEqual(degraded({ mode: 'recovering' }));
    expect(system).toEqual(degraded({ held: true }));
    expect(await store.readModes(['router', 'crm', 'other', 'crm'])).toEqual([system, own, NORMAL, own]);
    // The router's own mode is the system's: one key, not the same key twice, which BatchGetItem refuses.
    expect(await store.read('router', { keys: [], attemptsOf: [] })).toMatchObject({ own: system, system });
  });

  it('has those of the keys that are parked, and those of the attempts that were asked for and exist', async () => {
    const parking = new DynamoParkingStore(client, TABLES.parking);
    await parking.touchHead('crm', 'a', { token: 't', now: 1, reason: 'r' });
    await parking.touchHead('lake', 'b', { token: 't', now: 1, reason: 'r' });
    const attempt = {
      failures: 2,
      firstFailedAt: 7,
      lastError: 'x',
      progress: { events: 1, outputs: 2, codeVersion: 'v' },
      charges: 2,
      stamp: '0:v',
      crash: { kind: 'throw', error: 'no', codeVersion: 'v', at: 4 },
    } as const;
    await store.saveAttempt('crm', 'm1', attempt);
    await store.saveAttempt('crm', 'm2', { failures: 1 });
    const query = { keys: ['a', 'b', 'a', 'c'], attemptsOf: ['m1', 'm3'] };
    const state = await store.read('crm', query);
    expect(state.parked).toEqual(new Set(['a']));
    expect(state.attempts).toEqual(new Map([['m1', attempt]]));
    // Each stage has a ledger of its own.
    expect((await store.read('lake', query)).attempts.size).toBe(0);
  });

  it('asks for everything in one call, strongly, and again for what DynamoDB left unread', async () => {
    await save('slow', degraded());
    await new DynamoParkingStore(client, TABLES.parking).touchHead('slow', 'u', {
      token: 't',
      now: 1,
      reason: 'r',
    });
    const calls: number[] = [];
    // One key of each table an answer, the rest unprocessed; after some rounds nothing at all.
    const stingy = (rounds: number) =>
      ({
        send: async (command: BatchGetItemCommand) => {
          const requests = Object.entries(command.input.RequestItems ?? {});
          expect(requests.every(([, { ConsistentRead }]) => ConsistentRead)).toBe(true);
          calls.push(requests.reduce((sum, [, { Keys = [] }]) => sum + Keys.length, 0));
          const take = calls.length <= rounds ? 1 : 0;
          const part = (from: number, to?: number) =>
            Object.fromEntries(
              requests
                .map(
                  ([table, { Keys = [], ...rest }]) =>
                    [table, { ...rest, Keys: Keys.slice(from, to) }] as const,
                )
                .filter(([, { Keys }]) => Keys.length > 0),
            );
          const answer =
            take === 0 ? {} : await client.send(new BatchGetItemCommand({ RequestItems: part(0, 1) }));
          return { ...answer, UnprocessedKeys: part(take) };
        },
      }) as unknown as DynamoDBClient;
    const query = { keys: ['u', 'v'], attemptsOf: [] };
    const state = await new DynamoStateStore(stingy(9), TABLES, () => 0).read('slow', query);
    expect(state).toMatchObject({ own: { mode: 'degraded' }, parked: new Set(['u']) });
    expect(calls).toEqual([4, 2]);
    calls.length = 0;
    const impatient = new DynamoStateStore(stingy(1), TABLES, () => 0).read('slow', query);
    await expect(impatient).rejects.toThrow(InfraFault);
    expect(calls).toEqual([4, 2, 2]);
  });

  it('says what failed when DynamoDB does', async () => {
    const gone = new DynamoStateStore(client, { state: 'no-such-table', parking: 'nor-this' }, () => 0);
    const read = gone.read('crm', { keys: [], attemptsOf: [] });
    await expect(read).rejects.toThrow(/BatchGetItem failed: ResourceNotFoundException/);
    await expect(read).rejects.toThrow(InfraFault);
    await expect(gone.writeMode('crm', degraded(), NORMAL)).rejects.toThrow(/^PutItem failed/);
    await expect(gone.writeMode('crm', degraded(), degraded())).rejects.toThrow(InfraFault);
    await expect(gone.writeMode('crm', degraded(), UNREADABLE)).rejects.toThrow(InfraFault);
  });
});

describe('the mode', () => {
  const read = async (stage: string): Promise<ModeRecord | undefined> => (await store.readModes([stage]))[0];

  it('is written only as long as nobody else has written it', async () => {
    expect(await store.writeMode('a', degraded(), NORMAL)).toBe(true);
    expect(await store.writeMode('a', degraded({ reason: 'late' }), NORMAL)).toBe(false);
    expect(await store.writeMode('a', degraded({ rev: 2, mode: 'recovering' }), degraded())).toBe(true);
    expect(await store.writeMode('a', degraded({ rev: 2, reason: 'late' }), degraded())).toBe(false);
    expect(await read('a')).toEqual(degraded({ rev: 2, mode: 'recovering' }));
    // What is not stored cannot have been changed by its reader.
    expect(await store.writeMode('b', degraded({ rev: 8 }), degraded({ rev: 7 }))).toBe(false);
    expect(await read('b')).toEqual(NORMAL);
  });

  it('is changed by one of several that want to at the same time', async () => {
    const reasons = ['p', 'q', 'r', 's', 't'];
    const first = await Promise.all(
      reasons.map((reason) => store.writeMode('c', degraded({ reason }), NORMAL)),
    );
    expect(first.filter(Boolean)).toHaveLength(1);
    const second = await Promise.all(
      reasons.map((reason) => store.writeMode('c', degraded({ reason, rev: 2 }), degraded())),
    );
    expect(second.filter(Boolean)).toHaveLength(1);
    expect(await read('c')).toMatchObject({ rev: 2, reason: reasons[second.indexOf(true)] });
  });

  it.each([
    ['without a rev', { mode: 'degraded' }],
    ['whose rev is text', { mode: 'degraded', rev: '7' }],
    ['whose rev is no count', { mode: 'degraded', rev: -3 }],
    ['whose rev is 0', { mode: 'degraded', rev: 0 }],
    ['that a later version has written', { mode: 'asleep', held: false, epoch: 2, rev: 1 }],
    ['whose rev is as high as can be', { mode: 'asleep', rev: Number.MAX_SAFE_INTEGER }],
  ])('replaces an item that cannot be read, once: one %s', async (name, item) => {
    const stage = `unreadable ${name}`;
    await put(stage, item);
    const before = await read(stage);
    expect(before).toMatchObject({ mode: 'degraded', rev: -1 });
    const replace = () => store.writeMode(stage, degraded({ mode: 'recovering' }), UNREADABLE);
    const done = await Promise.all([replace(), replace(), replace()]);
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await replace()).toBe(false);
    // From here on it is changed like any other.
    const now = await read(stage);
    expect(now).toMatchObject({ mode: 'recovering', epoch: 1 });
    const rev = (now?.rev ?? 0) + 1;
    expect(await store.writeMode(stage, degraded({ rev }), now ?? NORMAL)).toBe(true);
    expect(await read(stage)).toEqual(degraded({ rev }));
  });

  it('replaces nothing when the item that could not be read is gone', async () => {
    expect(await store.writeMode('gone', degraded(), UNREADABLE)).toBe(false);
    expect(await read('gone')).toEqual(NORMAL);
  });
});

describe('what else is in the table', () => {
  it('is the time of the last success', async () => {
    expect(await store.lastSuccess('lake')).toBeUndefined();
    await store.saveSuccess('lake', 123);
    expect(await store.lastSuccess('lake')).toBe(123);
  });

  it('is every stage that there ever was', async () => {
    const registry = new DynamoStageRegistry(client, TABLES.state);
    expect(await registry.read()).toEqual(new Map());
    const queues = (name: string) => ({
      queueName: `${name}.fifo`,
      deadLetterQueueName: `${name}-dead.fifo`,
    });
    await registry.save(new Map());
    // Two controls at once, of before and after a deployment.
    await Promise.all([
      registry.save(
        new Map([
          ['router', queues('events')],
          ['old', queues('old')],
        ]),
      ),
      registry.save(
        new Map([
          ['router', queues('events')],
          ['crm-2', queues('crm')],
        ]),
      ),
    ]);
    await registry.save(new Map([['crm-2', queues('crm2')]]));
    expect(await registry.read()).toEqual(
      new Map([
        ['router', queues('events')],
        ['old', queues('old')],
        ['crm-2', queues('crm2')],
      ]),
    );
    await expect(new DynamoStageRegistry(client, 'no-such-table').read()).rejects.toThrow(InfraFault);
  });
});
