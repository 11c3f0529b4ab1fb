/** The state table's adapters, against dynalite. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { DynamoParkingStore } from '../../lambdas/aws/parking-store.ts';
import type { Call } from '../../lambdas/aws/direct-call.ts';
import { dynamoCalls } from '../../lambdas/aws/sdk-calls.ts';
import { DynamoStageRegistry } from '../../lambdas/aws/stage-registry.ts';
import { DynamoStateStore, modeKey } from '../../lambdas/aws/state-store.ts';
import { NORMAL, UNREADABLE } from '../../lambdas/core/mode/record.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { degraded, modeOf } from '../contracts/mode-store.ts';
import { stateStoreContract } from '../contracts/state-store.ts';
import { startTables, TABLES } from './tables.ts';

let client: DynamoDBClient;
let stop: () => Promise<void>;
let calls: Awaited<ReturnType<typeof startTables>>['calls'];
let store: DynamoStateStore;
let direct: DynamoStateStore;

beforeAll(async () => {
  ({ client, calls, stop } = await startTables());
  const open = (call: Call) => new DynamoStateStore(call, TABLES, () => 1_000_000);
  [store, direct] = [open(calls.bySdk), open(calls.direct)];
});
afterAll(() => stop());

const put = (stage: string, item: object) =>
  client.send(
    new PutItemCommand({ TableName: TABLES.state, Item: marshall({ ...modeKey(stage), ...item }) }),
  );

const underTest = (opened: DynamoStateStore) => ({
  store: opened,
  parking: new DynamoParkingStore(client, TABLES.parking),
  spoil: async (stage: string) => {
    await put(stage, { mode: 'asleep', held: false, epoch: 2, rev: 1 });
  },
});
stateStoreContract('DynamoStateStore', () => underTest(store));
stateStoreContract('DynamoStateStore without the SDK', () => underTest(direct));

describe('DynamoStateStore', () => {
  it('reads the modes of more stages than one call takes', async () => {
    const stages = Array.from({ length: 101 }, (_, i) => `many-${i}`);
    const last = degraded();
    await store.writeMode('many-100', last, NORMAL);
    const modes = await store.readModes(stages);
    expect([...modes.keys()]).toEqual(stages);
    expect(modes.get('many-100')).toMatchObject({ mode: 'degraded' });
    expect(modes.get('many-0')).toEqual(NORMAL);
  });

  it('reads everything in one call, strongly consistent, and repeats it for keys that DynamoDB left unprocessed', async () => {
    await store.writeMode('slow', degraded(), NORMAL);
    await new DynamoParkingStore(client, TABLES.parking).touchHead('slow', 'u', {
      token: 't',
      now: 1,
      reason: 'r',
    });
    const calls: number[] = [];
    // Each answer has one key of each table, the rest unprocessed; after some rounds none at all.
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
    const state = await new DynamoStateStore(dynamoCalls(stingy(9)), TABLES, () => 0).read('slow', query);
    expect(state).toMatchObject({ own: { mode: 'degraded' }, parked: new Set(['u']) });
    expect(calls).toEqual([5, 3, 1]);
    calls.length = 0;
    const impatient = new DynamoStateStore(dynamoCalls(stingy(1)), TABLES, () => 0).read('slow', query);
    await expect(impatient).rejects.toThrow(InfraFault);
    expect(calls).toEqual([5, 3, 3]);
  });

  it.each<[string, () => Call]>([
    ['with the SDK', () => calls.bySdk],
    ['without', () => calls.direct],
  ])('%s: names the operation when DynamoDB fails', async (_, call) => {
    const gone = new DynamoStateStore(call(), { state: 'no-such-table', parking: 'nor-this' }, () => 0);
    const read = gone.read('crm', { keys: [], attemptsOf: [] });
    await expect(read).rejects.toThrow(/^BatchGetItem( of ".*")? failed: ResourceNotFoundException/);
    await expect(read).rejects.toThrow(InfraFault);
    await expect(gone.saveProgress('crm', { deliveredAt: 1 })).rejects.toThrow(
      /^UpdateItem( of ".*")? failed/,
    );
    await expect(gone.writeMode('crm', degraded(), NORMAL)).rejects.toThrow(/^PutItem( of ".*")? failed/);
    await expect(gone.writeMode('crm', degraded(), degraded())).rejects.toThrow(InfraFault);
    await expect(gone.writeMode('crm', degraded(), UNREADABLE)).rejects.toThrow(InfraFault);
  });

  it('reads a mode without the table’s keys, and keeps fields that a later version added', async () => {
    await put('later', { ...degraded(), shoeSize: 44 });
    expect(await modeOf(store, 'later')).toEqual({ ...degraded(), shoeSize: 44 });
  });

  it('writes its format, and does not replace the mode of a later one', async () => {
    const raw = async (stage: string) => {
      const get = new GetItemCommand({ TableName: TABLES.state, Key: marshall(modeKey(stage)) });
      return unmarshall((await client.send(get)).Item ?? {});
    };
    await store.writeMode('formed', degraded(), NORMAL);
    expect(await raw('formed')).toMatchObject({ v: 1 });
    await put('of-later', { ...degraded(), v: 2 });
    const before = await modeOf(store, 'of-later');
    expect(before).toMatchObject({ mode: 'degraded', rev: -1, newer: 2 });
    expect(await store.writeMode('of-later', degraded({ mode: 'recovering' }), before)).toBe(false);
    expect(await raw('of-later')).toEqual({ ...modeKey('of-later'), ...degraded(), v: 2 });
  });

  it('ignores a progress field that is not a time', async () => {
    const item = { pk: 'MODE#odd', sk: 'PROGRESS', deliveredAt: 'yesterday', filteredAt: 4, more: 1 };
    await client.send(new PutItemCommand({ TableName: TABLES.state, Item: marshall(item) }));
    expect((await store.readStored('odd', 'router')).progress).toEqual({ filteredAt: 4 });
  });

  it.each([
    ['without a rev', { mode: 'degraded' }],
    ['whose rev is text', { mode: 'degraded', rev: '7' }],
    ['whose rev is no count', { mode: 'degraded', rev: -3 }],
    ['whose rev is 0', { mode: 'degraded', rev: 0 }],
    ['that a later version has written', { mode: 'asleep', held: false, epoch: 2, rev: 1 }],
    ['whose rev is as high as can be', { mode: 'asleep', rev: Number.MAX_SAFE_INTEGER }],
  ])('replaces an unreadable item once: one %s', async (name, item) => {
    const stage = `unreadable ${name}`;
    await put(stage, item);
    const before = await modeOf(store, stage);
    expect(before).toMatchObject({ mode: 'degraded', rev: -1 });
    const replace = () => store.writeMode(stage, degraded({ mode: 'recovering' }), UNREADABLE);
    const done = await Promise.all([replace(), replace(), replace()]);
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await replace()).toBe(false);
    // From here on it changes like any other.
    const now = await modeOf(store, stage);
    expect(now).toMatchObject({ mode: 'recovering', epoch: 1 });
    const rev = now.rev + 1;
    expect(await store.writeMode(stage, degraded({ rev }), now)).toBe(true);
    expect(await modeOf(store, stage)).toEqual(degraded({ rev }));
  });
});

describe('DynamoStageRegistry', () => {
  it('contains every stage that ever existed', async () => {
    const registry = new DynamoStageRegistry(client, TABLES.state);
    expect(await registry.read()).toEqual(new Map());
    const queues = (name: string) => ({
      queueName: `${name}.fifo`,
      deadLetterQueueName: `${name}-dead.fifo`,
    });
    await registry.save(new Map());
    await registry.save(new Map([['router', queues('events')]]));
    // Two controls at the same time, from before and after a deployment.
    await Promise.all([
      registry.save(new Map([['old', queues('old')]])),
      registry.save(new Map([['crm-2', queues('crm')]])),
    ]);
    await registry.read();
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

  it('takes any number of stages', async () => {
    const registry = new DynamoStageRegistry(client, TABLES.state);
    const named = (name: string) =>
      new Map(
        Array.from({ length: 101 }, (_, i) => [
          `many-${i}`,
          { queueName: `${name}-${i}.fifo`, deadLetterQueueName: `${name}-${i}-dead.fifo` },
        ]),
      );
    for (const name of ['first', 'second']) {
      await registry.save(named(name));
      const kept = [...(await registry.read())].filter(([id]) => id.startsWith('many'));
      expect(new Map(kept)).toEqual(named(name));
    }
  });

  it('replaces no queue that it has not read: another control may have written it since', async () => {
    const queues = (name: string) => ({
      queueName: `${name}.fifo`,
      deadLetterQueueName: `${name}-dead.fifo`,
    });
    const former = (name: string) => [`lake (formerly ${name}.fifo)`, queues(name)] as const;
    const [first, second] = [1, 2].map(() => new DynamoStageRegistry(client, TABLES.state));
    await first?.read();
    await first?.save(new Map([['lake', queues('lake-1')]]));
    // Removed and added again, twice in a short time: each control knows the queue of its own deployment.
    await Promise.all([first?.read(), second?.read()]);
    await first?.save(new Map([former('lake-1'), ['lake', queues('lake-2')]]));
    await second?.save(new Map([former('lake-1'), ['lake', queues('lake-3')]]));
    expect((await second?.read())?.get('lake')).toEqual(queues('lake-2'));
    // Its next run knows what it replaces.
    await second?.save(new Map([former('lake-2'), ['lake', queues('lake-3')]]));
    const kept = [...((await first?.read()) ?? [])].filter(([id]) => id.startsWith('lake'));
    expect(new Map(kept)).toEqual(new Map([['lake', queues('lake-3')], former('lake-1'), former('lake-2')]));
  });
});
