import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoRejectionStore } from '../../lambdas/aws/rejection-store.ts';
import { BadCursor, InfraFault, type Rejection } from '../../lambdas/core/ports.ts';
import { startTables, TABLES } from './tables.ts';

let client: DynamoDBClient;
let stop: () => Promise<void>;
let store: DynamoRejectionStore;

beforeAll(async () => {
  ({ client, stop } = await startTables());
  store = new DynamoRejectionStore(client, TABLES.parking);
});
afterAll(() => stop());

const rejection = (stage: string, second: number, more: Partial<Rejection> = {}): Rejection => ({
  id: `m${second}`,
  stage,
  receivedAt: `2026-11-22T00:00:0${second}.000Z`,
  at: 9,
  reason: 'answered 400',
  sourceId: 'web',
  body: '{}',
  sha256: 'ab',
  size: 2,
  ...more,
});

describe('DynamoRejectionStore', () => {
  it('lists a stage’s records as they were saved, in the order of acceptance, page by page', async () => {
    const answered = rejection('crm', 2, { answer: { status: 400, body: 'no' }, count: 3, discarded: true });
    for (const record of [rejection('crm', 3), answered, rejection('crm', 1), rejection('lake', 1)])
      await store.save(record);
    const first = await store.list('crm', { limit: 2 });
    expect(first.rejections).toEqual([rejection('crm', 1), answered]);
    const rest = await store.list('crm', { limit: 2, cursor: first.cursor ?? '' });
    expect(rest).toEqual({ rejections: [rejection('crm', 3)] });
    expect(await store.list('nobody', { limit: 2 })).toEqual({ rejections: [] });
  });

  it('writes the same record once', async () => {
    await store.save(rejection('twice', 1));
    await store.save(rejection('twice', 1, { at: 10 }));
    expect((await store.list('twice', { limit: 9 })).rejections).toEqual([rejection('twice', 1, { at: 10 })]);
  });

  it('finds a record by its id among more than one answer of DynamoDB holds, and removes it', async () => {
    for (let i = 0; i < 9; i++) await store.save(rejection('many', i, { body: 'x'.repeat(200_000) }));
    const found = await store.find('many', 'm8');
    expect(found).toMatchObject({ id: 'm8', stage: 'many' });
    expect(await store.find('lake', 'm8')).toBeUndefined();
    await store.remove(rejection('many', 8));
    expect(await store.find('many', 'm8')).toBeUndefined();
    expect(await store.find('many', 'm7')).toMatchObject({ id: 'm7' });
    await store.remove(rejection('many', 8));
  });

  it('says what is wrong: a cursor that is none, a table that does not answer', async () => {
    await expect(store.list('crm', { limit: 1, cursor: 'no' })).rejects.toThrow(BadCursor);
    const gone = new DynamoRejectionStore(client, 'no-such-table');
    await expect(gone.save(rejection('crm', 1))).rejects.toThrow(/^PutItem failed: ResourceNotFound/);
    await expect(gone.list('crm', { limit: 1 })).rejects.toThrow(InfraFault);
    await expect(gone.find('crm', 'm')).rejects.toThrow(InfraFault);
    await expect(gone.remove(rejection('crm', 1))).rejects.toThrow(InfraFault);
  });
});
