import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GetItemCommand, PutItemCommand, QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DynamoRejectionStore } from '../../lambdas/aws/rejection-store.ts';
import { InfraFault, MessageRefused } from '../../lambdas/core/base/faults.ts';
import type { Rejection } from '../../lambdas/core/event/ports.ts';
import { rejectionStoreContract } from '../contracts/rejection-store.ts';
import { startTables, TABLES } from './tables.ts';

let client: DynamoDBClient;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ client, stop } = await startTables());
});
afterAll(() => stop());

rejectionStoreContract('DynamoRejectionStore', () => new DynamoRejectionStore(client, TABLES.parking));

const record: Rejection = {
  id: 'm',
  stage: 'crm',
  receivedAt: '2026-11-22T00:00:00.000Z',
  at: 9,
  reason: 'answered 400',
  sourceId: 'web',
  body: '{}',
  sha256: 'ab',
  size: 2,
};

/** A client whose every call fails. */
const failing = (name: string, message: string) =>
  ({ send: () => Promise.reject(Object.assign(new Error(message), { name })) }) as unknown as DynamoDBClient;

describe('DynamoRejectionStore', () => {
  it('lists the record of a later version, and neither replaces nor removes it', async () => {
    const store = new DynamoRejectionStore(client, TABLES.parking);
    const Key = marshall({ pk: 'REJECTED#later', sk: `${record.receivedAt}#m` });
    const Item = { ...Key, ...marshall({ v: 2, at: 9, content: 'of tomorrow' }) };
    await client.send(new PutItemCommand({ TableName: TABLES.parking, Item }));
    const { rejections } = await store.list('later', { limit: 1 });
    expect(rejections).toMatchObject([
      { id: 'm', stage: 'later', receivedAt: record.receivedAt, at: 9, newer: 2 },
    ]);
    expect(rejections[0]?.reason).toContain('a later version of Sluice wrote the record (format 2');
    const ours = { ...record, stage: 'later' };
    await store.save(ours);
    await store.remove(ours);
    expect(await store.removeUnchanged(ours)).toBe(false);
    const get = new GetItemCommand({ TableName: TABLES.parking, Key });
    expect((await client.send(get)).Item).toEqual(Item);
  });

  it('names the operation when DynamoDB fails', async () => {
    const gone = new DynamoRejectionStore(client, 'no-such-table');
    await expect(gone.save(record)).rejects.toThrow(/^PutItem failed: ResourceNotFound/);
    await expect(gone.save(record)).rejects.toThrow(InfraFault);
    await expect(gone.list('crm', { limit: 1 })).rejects.toThrow(InfraFault);
    await expect(gone.find('crm', 'm')).rejects.toThrow(InfraFault);
    await expect(gone.remove(record)).rejects.toThrow(InfraFault);
  });

  it('gives DynamoDB’s reason for not accepting a record', async () => {
    const words = 'Item size has exceeded the maximum allowed size';
    const saving = new DynamoRejectionStore(failing('ValidationException', words), 'parking').save(record);
    await expect(saving).rejects.toThrow(`PutItem refused the message: ValidationException: ${words}`);
    await expect(saving).rejects.toThrow(MessageRefused);
  });

  it.each(['ProvisionedThroughputExceededException', 'AccessDeniedException', 'TimeoutError'])(
    'treats a %s as an InfraFault',
    async (name) => {
      const saving = new DynamoRejectionStore(failing(name, 'no'), 'parking').save(record);
      await expect(saving).rejects.toThrow(`PutItem failed: ${name}: no`);
      await expect(saving).rejects.toThrow(InfraFault);
    },
  );

  it('blames a message only when saving: reading and removing fail with a fault', async () => {
    const store = new DynamoRejectionStore(failing('ValidationException', 'no'), 'parking');
    await expect(store.list('crm', { limit: 1 })).rejects.toThrow(InfraFault);
    await expect(store.remove(record)).rejects.toThrow(InfraFault);
  });

  it.each([
    ['ids', { id: 'é'.repeat(600) }],
    ['times', { receivedAt: 'é'.repeat(600) }],
  ])('has no sort key of more than 1,024 bytes, however long the %s', async (name, long) => {
    const store = new DynamoRejectionStore(client, TABLES.parking);
    const named = { ...record, stage: `long ${name}`, ...long };
    await store.save(named);
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: TABLES.parking,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: marshall({ ':pk': `REJECTED#long ${name}` }),
      }),
    );
    // dynalite counts characters.
    expect(Items.map(({ sk }) => Buffer.byteLength(sk?.S ?? '') <= 1_024)).toEqual([true]);
    await store.remove(named);
    expect(await store.find(named.stage, named.id)).toBeUndefined();
  });

  it('reads, finds and removes records of earlier versions, whose sort key is the whole id', async () => {
    const old = { ...record, stage: 'old', id: 'x'.repeat(999) };
    const key = { pk: 'REJECTED#old', sk: `${old.receivedAt}#${old.id}` };
    const TableName = TABLES.parking;
    await client.send(new PutItemCommand({ TableName, Item: marshall({ ...key, ...old }) }));
    const store = new DynamoRejectionStore(client, TABLES.parking);
    expect((await store.list('old', { limit: 9 })).rejections).toEqual([old]);
    expect(await store.find('old', old.id)).toEqual(old);
    // The same record, saved again, replaces it.
    await store.save({ ...old, at: 10 });
    expect((await store.list('old', { limit: 9 })).rejections).toEqual([{ ...old, at: 10 }]);
    await store.remove(old);
    expect((await client.send(new GetItemCommand({ TableName, Key: marshall(key) }))).Item).toBeUndefined();
  });
});
