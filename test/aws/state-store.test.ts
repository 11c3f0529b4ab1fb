/** The adapters over DynamoDB, against dynalite. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type BatchGetItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { DynamoRejectionStore } from '../../lambdas/aws/rejection-store.ts';
import { DynamoStateStore, modeKey } from '../../lambdas/aws/state-store.ts';
import { InfraFault } from '../../lambdas/core/ports.ts';
import { startDynamoDb, type DynamoDb } from '../../local/dynamodb.ts';

let dir: string;
let server: DynamoDb;
let client: DynamoDBClient;
let store: DynamoStateStore;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-'));
  const properties = {
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
  };
  server = await startDynamoDb(dir);
  await server.deploy([
    { name: 'state', properties },
    { name: 'parking', properties },
  ]);
  client = new DynamoDBClient({
    endpoint: server.url,
    region: 'local',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  store = new DynamoStateStore(client, 'state', () => 1_000_000);
});

afterAll(async () => {
  client.destroy();
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

const putMode = (stage: string, item: object) =>
  client.send(new PutItemCommand({ TableName: 'state', Item: marshall({ ...modeKey(stage), ...item }) }));

describe('DynamoStateStore', () => {
  it('is normal, with no attempts, while nothing is stored', async () => {
    const state = await store.read('empty', ['m1']);
    expect(state).toEqual({
      modes: [
        { mode: 'normal', held: false },
        { mode: 'normal', held: false },
      ],
      attempts: new Map(),
    });
  });

  it('reads the stage’s mode and the system’s together', async () => {
    await putMode('crm', { mode: 'recovering', held: true });
    await putMode('router', { mode: 'degraded', held: false });
    const { modes } = await store.read('crm', []);
    expect(modes).toEqual([
      { mode: 'recovering', held: true },
      { mode: 'degraded', held: false },
    ]);
    expect(await store.readModes(['router', 'crm', 'other'])).toEqual([
      modes[1],
      modes[0],
      { mode: 'normal', held: false },
    ]);
    // The router's own mode is the system's: one key, not the same key twice, which BatchGetItem refuses.
    expect((await store.read('router', [])).modes).toEqual([modes[1]]);
    await putMode('router', { mode: 'normal', held: false });
  });

  it('gives back an attempt as it was saved, and only those asked for', async () => {
    const attempt = {
      failures: 2,
      firstFailedAt: 7,
      lastError: 'x',
      progress: { events: 1, outputs: 2, codeVersion: 'v' },
    };
    await store.saveAttempt('crm', 'm1', attempt);
    await store.saveAttempt('crm', 'm2', { failures: 1 });
    const { attempts } = await store.read('crm', ['m1', 'm3']);
    expect([...attempts.keys()]).toEqual(['m1']);
    expect(attempts.get('m1')).toMatchObject(attempt);
    // Each stage has a ledger of its own.
    expect((await store.read('lake', ['m1'])).attempts.size).toBe(0);
  });

  it('keeps the time of the last success', async () => {
    expect(await store.lastSuccess('lake')).toBeUndefined();
    await store.saveSuccess('lake', 123);
    expect(await store.lastSuccess('lake')).toBe(123);
  });

  it('reads again what DynamoDB left unread, and never takes it for absent', async () => {
    await putMode('slow', { mode: 'degraded', held: false });
    const calls: number[] = [];
    const stingy = (rounds: number) =>
      ({
        send: async (command: BatchGetItemCommand) => {
          const { RequestItems } = command.input as {
            RequestItems: NonNullable<BatchGetItemCommandInput['RequestItems']>;
          };
          const keys = RequestItems['state']?.Keys ?? [];
          calls.push(keys.length);
          // One key an answer, the rest unprocessed; after some rounds nothing at all.
          const take = calls.length <= rounds ? 1 : 0;
          const answer =
            take === 0
              ? {}
              : await client.send(
                  new BatchGetItemCommand({ RequestItems: { state: { Keys: keys.slice(0, 1) } } }),
                );
          return {
            ...answer,
            UnprocessedKeys: keys.length > take ? { state: { Keys: keys.slice(take) } } : {},
          };
        },
      }) as unknown as DynamoDBClient;
    const patient = new DynamoStateStore(stingy(9), 'state', () => 0);
    expect((await patient.readModes(['a', 'slow'])).map(({ mode }) => mode)).toEqual(['normal', 'degraded']);
    expect(calls).toEqual([2, 1]);
    calls.length = 0;
    await expect(new DynamoStateStore(stingy(1), 'state', () => 0).readModes(['a', 'slow'])).rejects.toThrow(
      InfraFault,
    );
  });

  it('says what failed when DynamoDB does', async () => {
    const gone = new DynamoStateStore(client, 'no-such-table', () => 0);
    await expect(gone.read('crm', [])).rejects.toThrow(/BatchGetItem failed: ResourceNotFoundException/);
    await expect(gone.read('crm', [])).rejects.toThrow(InfraFault);
  });
});

describe('DynamoRejectionStore', () => {
  it('lists by stage in the order of acceptance, and writes the same record once', async () => {
    const rejections = new DynamoRejectionStore(client, 'parking');
    const base = {
      stage: 'crm',
      at: 9,
      reason: 'answered 400',
      sourceId: 'web',
      body: '{}',
      sha256: 'ab',
      size: 2,
    };
    const answer = { status: 400, body: 'no' };
    await rejections.save({ ...base, id: 'm2', receivedAt: '2026-11-22T00:00:02.000Z', answer });
    await rejections.save({ ...base, id: 'm1', receivedAt: '2026-11-22T00:00:01.000Z' });
    await rejections.save({ ...base, id: 'm1', receivedAt: '2026-11-22T00:00:01.000Z', at: 10 });
    const query = new QueryCommand({
      TableName: 'parking',
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: marshall({ ':pk': 'REJECTED#crm' }),
    });
    const { Items = [] } = await client.send(query);
    expect(Items.map((item) => unmarshall(item))).toMatchObject([
      { sk: '2026-11-22T00:00:01.000Z#m1', at: 10 },
      { sk: '2026-11-22T00:00:02.000Z#m2', reason: 'answered 400', answer },
    ]);
  });
});
