/** The records of late crashes in the state table, against dynalite. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { DynamoLateCrashStore } from '../../lambdas/aws/late-crash-store.ts';
import { dynamoCalls } from '../../lambdas/aws/sdk-calls.ts';
import { DynamoStateStore } from '../../lambdas/aws/state-store.ts';
import { NORMAL } from '../../lambdas/core/mode/record.ts';
import type { Crash } from '../../contract/modes.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { lateCrashStoreContract } from '../contracts/late-crash-store.ts';
import { degraded } from '../contracts/mode-store.ts';
import { startTables, TABLES } from './tables.ts';

const NOW = 1_790_000_000_500;
const WEEK_SECONDS = 7 * 24 * 3600;
const clock = { now: 1_790_000_000_000 };
const last: Crash = { kind: 'late', error: 'Error: x', codeVersion: 'v', at: 5, eventId: 'e1' };

let client: DynamoDBClient;
let stop: () => Promise<void>;
let store: DynamoLateCrashStore;

beforeAll(async () => {
  ({ client, stop } = await startTables());
  store = new DynamoLateCrashStore(client, TABLES.state, () => NOW);
});
afterAll(() => stop());

lateCrashStoreContract('DynamoLateCrashStore', () => ({
  store: new DynamoLateCrashStore(client, TABLES.state, () => clock.now),
  clock,
}));

const keyOf = (stage: string) => marshall({ pk: `MODE#${stage}`, sk: 'LATE' });

const stored = async (stage: string): Promise<unknown> => {
  const { Item } = await client.send(new GetItemCommand({ TableName: TABLES.state, Key: keyOf(stage) }));
  return Item === undefined ? undefined : unmarshall(Item);
};

const item = (stage: string, count: number) => ({
  pk: `MODE#${stage}`,
  sk: 'LATE',
  count,
  since: NOW,
  last,
  expires: 1_790_000_000 + WEEK_SECONDS,
});

/** An item of an earlier week, which DynamoDB has not deleted yet. */
const putExpired = async (stage: string): Promise<void> => {
  const Item = marshall({ ...item(stage, 99), since: 1, expires: 1_790_000_000 });
  await client.send(new PutItemCommand({ TableName: TABLES.state, Item }));
};

/** The store's requests, by the name of the command. */
const commandsOf = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
  const send = jest.spyOn(client, 'send');
  try {
    await work();
    return send.mock.calls.map(([command]) => command.constructor.name);
  } finally {
    send.mockRestore();
  }
};

describe('the item', () => {
  it('is written in one call, next to the stage’s mode, and expires after a week', async () => {
    const add = () => store.addLateCrashes('crm', { count: 2, last });
    expect(await commandsOf(add)).toEqual(['UpdateItemCommand']);
    expect(await stored('crm')).toEqual(item('crm', 2));
    expect(await commandsOf(add)).toEqual(['UpdateItemCommand']);
    expect(await stored('crm')).toEqual(item('crm', 4));
  });

  it('does not touch the mode', async () => {
    const modes = new DynamoStateStore(dynamoCalls(client), TABLES, () => NOW);
    await modes.writeMode('moded', degraded(), NORMAL);
    await store.addLateCrashes('moded', { count: 1, last });
    expect(await modes.readModes(['moded'])).toEqual(new Map([['moded', degraded()]]));
  });

  it('of an earlier week is replaced as a whole', async () => {
    await putExpired('old');
    expect(await store.readLateCrashes(['old'])).toEqual(new Map());
    expect(await commandsOf(() => store.addLateCrashes('old', { count: 2, last }))).toEqual([
      'UpdateItemCommand',
      'PutItemCommand',
    ]);
    expect(await stored('old')).toEqual(item('old', 2));
  });

  it.each<[string, (stage: string) => Promise<unknown>, number]>([
    [
      'another function has replaced it',
      (stage) =>
        new DynamoLateCrashStore(client, TABLES.state, () => NOW).addLateCrashes(stage, { count: 5, last }),
      7,
    ],
    [
      'DynamoDB has deleted it',
      (stage) => client.send(new DeleteItemCommand({ TableName: TABLES.state, Key: keyOf(stage) })),
      2,
    ],
  ])('is added to when, in between, %s', async (name, concurrently, count) => {
    const stage = `raced: ${name}`;
    await putExpired(stage);
    let updates = 0;
    const racing = {
      send: async (command: UpdateItemCommand | PutItemCommand) => {
        if (command instanceof UpdateItemCommand) updates += 1;
        else await concurrently(stage);
        return client.send(command as UpdateItemCommand);
      },
    } as unknown as DynamoDBClient;
    await new DynamoLateCrashStore(racing, TABLES.state, () => NOW).addLateCrashes(stage, { count: 2, last });
    expect(updates).toBe(2);
    expect(await stored(stage)).toEqual(item(stage, count));
  });
});

it('ends a read that fails only after the reads of the other stages', async () => {
  let running = 0;
  const slow = {
    send: async ({ input }: GetItemCommand) => {
      if (input.Key?.['pk']?.S === 'MODE#bad') throw new Error('down');
      running += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return {};
    },
  } as unknown as DynamoDBClient;
  const reading = new DynamoLateCrashStore(slow, TABLES.state, () => NOW).readLateCrashes(['a', 'bad', 'b']);
  await expect(reading).rejects.toThrow('GetItem failed: Error: down');
  expect(running).toBe(0);
});

it('throws an InfraFault when the table does not answer', async () => {
  const gone = new DynamoLateCrashStore(client, 'no-such-table', () => NOW);
  const add = gone.addLateCrashes('crm', { count: 1, last });
  await expect(add).rejects.toThrow(/^UpdateItem failed: ResourceNotFound/);
  await expect(add).rejects.toThrow(InfraFault);
  await expect(gone.readLateCrashes(['crm'])).rejects.toThrow(/^GetItem failed: ResourceNotFound/);
});
