import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
  type QueryCommandInput,
  type QueryCommandOutput,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { HEAD_INDEX } from '../../contract/tables.ts';
import { allDone } from '../core/base/all-done.ts';
import { shardOf } from '../core/stage/parking.ts';
import type { Head, HeadSummary, Lease, ParkedMessage, ParkingStore } from '../core/stage/parking-port.ts';
import { orFault } from './clients.ts';
import { conditionHeld, fromCursor, toCursor, toItem, type Key, type RawItem } from './items.ts';
import {
  fromHeadItem,
  fromMessageItem,
  HEAD_SORT,
  headKey,
  messageKey,
  partition,
  toMessageItem,
} from './parking-items.ts';

const indexShard = (stage: string, shard: number): string => `${stage}#${shard}`;

const isOwner = 'leaseOwner = :owner';

/** Parked messages and their keys' heads, in the parking table. Each write is of one item. */
export class DynamoParkingStore implements ParkingStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async hasMessage(stage: string, key: string, sort: string): Promise<boolean> {
    const found = await this.#get(messageKey(stage, key, sort), { ProjectionExpression: 'pk' });
    return found !== undefined;
  }

  async putMessage(stage: string, message: ParkedMessage): Promise<void> {
    // One that is there already may have come further since.
    await this.#putMessage(stage, message, 'attribute_not_exists(pk)');
  }

  async saveMessage(stage: string, message: ParkedMessage): Promise<void> {
    await this.#putMessage(stage, message, 'attribute_exists(pk)');
  }

  async touchHead(
    stage: string,
    key: string,
    { token, now, reason }: Parameters<ParkingStore['touchHead']>[2],
  ): Promise<void> {
    const initial: Omit<Head, 'token'> & { indexShard: string } = {
      key,
      nextAttemptAt: now,
      failures: 0,
      reason,
      parkedAt: now,
      triedEpoch: -1,
      indexShard: indexShard(stage, shardOf(key)),
    };
    const fields = Object.entries(initial);
    await orFault(
      'UpdateItem',
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall(headKey(stage, key)),
          UpdateExpression: `SET #token = :token, ${fields
            .map((_, i) => `#f${i} = if_not_exists(#f${i}, :f${i})`)
            .join(', ')}`,
          ExpressionAttributeNames: {
            '#token': 'token',
            ...Object.fromEntries(fields.map(([name], i) => [`#f${i}`, name])),
          },
          ExpressionAttributeValues: toItem({
            ':token': token,
            ...Object.fromEntries(fields.map(([, value], i) => [`:f${i}`, value])),
          }),
        }),
      ),
    );
  }

  async readHead(stage: string, key: string): Promise<Head | undefined> {
    const item = await this.#get(headKey(stage, key));
    return item === undefined ? undefined : fromHeadItem(item);
  }

  takeLease(
    stage: string,
    { key, failures }: Pick<Head, 'key' | 'failures'>,
    lease: Lease,
  ): Promise<boolean> {
    return this.#updateHead(stage, key, {
      ConditionExpression:
        'attribute_exists(pk) AND failures = :before AND (attribute_not_exists(leaseUntil) OR leaseUntil <= :now)',
      UpdateExpression:
        'SET failures = :after, leaseOwner = :owner, leaseUntil = :until, nextAttemptAt = :next, triedEpoch = :epoch',
      ExpressionAttributeValues: marshall({
        ':before': failures,
        ':after': lease.isTrial === true ? failures : failures + 1,
        ':now': lease.now,
        ':owner': lease.owner,
        ':until': lease.until,
        ':next': lease.nextAttemptAt,
        ':epoch': lease.triedEpoch,
      }),
    });
  }

  releaseLease(
    stage: string,
    key: string,
    owner: string,
    set: { readonly failures?: number; readonly nextAttemptAt?: number } = {},
  ): Promise<boolean> {
    const fields = Object.entries(set);
    const assignments = fields.map(([name]) => `${name} = :${name}`).join(', ');
    return this.#updateHead(stage, key, {
      ConditionExpression: isOwner,
      UpdateExpression: `REMOVE leaseOwner, leaseUntil${fields.length === 0 ? '' : ` SET ${assignments}`}`,
      ExpressionAttributeValues: toItem({
        ':owner': owner,
        ...Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
      }),
    });
  }

  resetFailures(stage: string, key: string, owner: string, reason?: string): Promise<boolean> {
    return this.#setFields(stage, key, owner, { failures: 0, ...(reason === undefined ? {} : { reason }) });
  }

  setReason(stage: string, key: string, owner: string, reason: string): Promise<boolean> {
    return this.#setFields(stage, key, owner, { reason });
  }

  #setFields(
    stage: string,
    key: string,
    owner: string,
    fields: Partial<Pick<Head, 'failures' | 'reason'>>,
  ): Promise<boolean> {
    const set = Object.entries(fields);
    return this.#updateHead(stage, key, {
      ConditionExpression: isOwner,
      UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: toItem({
        ':owner': owner,
        ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      }),
    });
  }

  deleteHead(stage: string, key: string, token: string, owner: string): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: marshall(headKey(stage, key)),
      ConditionExpression: `#token = :token AND ${isOwner}`,
      ExpressionAttributeNames: { '#token': 'token' },
      ExpressionAttributeValues: marshall({ ':token': token, ':owner': owner }),
    });
    return conditionHeld('DeleteItem', this.#client.send(command));
  }

  async oldest(stage: string, key: string, limit: number): Promise<readonly ParkedMessage[]> {
    const items: RawItem[] = [];
    // A call gives at most 1 MB, which few large messages make.
    for await (const { Items = [] } of this.#messages(stage, key, () => ({ Limit: limit - items.length }))) {
      items.push(...Items);
      if (items.length >= limit) break;
    }
    return allDone(items.map(fromMessageItem));
  }

  async deleteMessage(stage: string, key: string, sort: string): Promise<void> {
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: marshall(messageKey(stage, key, sort)),
    });
    await orFault('DeleteItem', this.#client.send(command));
  }

  async heads(
    stage: string,
    shard: number,
    { until, limit, cursor }: Parameters<ParkingStore['heads']>[2],
  ): ReturnType<ParkingStore['heads']> {
    const { partitionKey, sortKey, name } = HEAD_INDEX;
    const { Items = [], LastEvaluatedKey } = await this.#query({
      IndexName: name,
      Limit: limit,
      ...(cursor === undefined ? {} : { ExclusiveStartKey: fromCursor(cursor) }),
      KeyConditionExpression: `${partitionKey} = :shard${until === undefined ? '' : ` AND ${sortKey} <= :until`}`,
      ExpressionAttributeValues: toItem({ ':shard': indexShard(stage, shard), ':until': until }),
    });
    const heads = Items.map((item) => {
      const { key, nextAttemptAt, failures, reason, parkedAt, triedEpoch } = unmarshall(item) as HeadSummary;
      return { key, nextAttemptAt, failures, reason, parkedAt, triedEpoch };
    });
    return LastEvaluatedKey === undefined ? { heads } : { heads, cursor: toCursor(LastEvaluatedKey) };
  }

  async countMessages(stage: string, key: string, limit: number): Promise<number> {
    let count = 0;
    const input = () => ({ Select: 'COUNT' as const, Limit: limit - count });
    for await (const { Count = 0 } of this.#messages(stage, key, input)) {
      count += Count;
      if (count >= limit) break;
    }
    return count;
  }

  /** Pages of a key's messages, the oldest first. @param more asked for each page */
  async *#messages(
    stage: string,
    key: string,
    more: () => Partial<QueryCommandInput>,
  ): AsyncGenerator<QueryCommandOutput, void> {
    let from: RawItem | undefined;
    do {
      const page = await this.#query({
        ...more(),
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk < :head',
        ExpressionAttributeValues: marshall({ ':pk': partition(stage, key), ':head': HEAD_SORT }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      });
      yield page;
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  #query(input: Omit<QueryCommandInput, 'TableName'>): Promise<QueryCommandOutput> {
    return orFault('Query', this.#client.send(new QueryCommand({ TableName: this.#table, ...input })));
  }

  async #get(key: Key, more: { ProjectionExpression?: string } = {}): Promise<RawItem | undefined> {
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: marshall(key),
      ConsistentRead: true,
      ...more,
    });
    return (await orFault('GetItem', this.#client.send(command))).Item;
  }

  async #putMessage(stage: string, message: ParkedMessage, condition: string): Promise<void> {
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: await toMessageItem(stage, message),
      ConditionExpression: condition,
    });
    await conditionHeld('PutItem', this.#client.send(command));
  }

  #updateHead(
    stage: string,
    key: string,
    update: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>,
  ): Promise<boolean> {
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: marshall(headKey(stage, key)),
      ...update,
    });
    return conditionHeld('UpdateItem', this.#client.send(command));
  }
}
