import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { FORMATS } from '../../contract/formats.ts';
import { HEAD_INDEX } from '../../contract/tables.ts';
import { allDone } from '../core/base/all-done.ts';
import type {
  Head,
  HeadSummary,
  Lease,
  Page,
  ParkedMessage,
  ParkingStore,
  Touch,
} from '../core/stage/parking-port.ts';
import type { Attempt } from '../core/stage/ports.ts';
import { orFault } from './errors.ts';
import {
  conditionHeld,
  FORMAT_NAME,
  fromCursor,
  NOT_LATER,
  toCursor,
  toItem,
  type Key,
  type RawItem,
} from './items.ts';
import {
  fieldsSet,
  headTouched,
  IS_OWNER,
  leaseReleased,
  leaseTaken,
  type HeadUpdate,
} from './parking-head-updates.ts';
import {
  fromHeadItem,
  fromMessageItem,
  HEAD_SORT,
  headKey,
  indexShard,
  messageKey,
  partition,
  toMessageItem,
} from './parking-items.ts';

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
    const { edition = 0 } = message;
    await this.#putMessage(stage, { ...message, edition: edition + 1 }, 'attribute_exists(pk)');
  }

  async saveAttempt(
    stage: string,
    { groupId, sort, edition }: ParkedMessage,
    attempt: Attempt,
  ): Promise<void> {
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: marshall(messageKey(stage, groupId, sort)),
      UpdateExpression: 'SET attempt = :attempt',
      ConditionExpression: `${NOT_LATER} AND attribute_exists(pk) AND ${edition === undefined ? 'attribute_not_exists(edition)' : 'edition = :edition'}`,
      ExpressionAttributeNames: FORMAT_NAME,
      ExpressionAttributeValues: toItem({
        ':attempt': attempt,
        ':edition': edition,
        ':format': FORMATS.message,
      }),
    });
    await conditionHeld('UpdateItem', this.#client.send(command));
  }

  async touchHead(stage: string, key: string, touch: Touch): Promise<void> {
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: marshall(headKey(stage, key)),
      ...headTouched(stage, key, touch),
    });
    await orFault('UpdateItem', this.#client.send(command));
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
    return this.#updateHead(stage, key, leaseTaken(failures, lease));
  }

  releaseLease(
    stage: string,
    key: string,
    owner: string,
    set: { readonly failures?: number; readonly nextAttemptAt?: number } = {},
  ): Promise<boolean> {
    return this.#updateHead(stage, key, leaseReleased(owner, set));
  }

  resetFailures(
    stage: string,
    key: string,
    owner: string,
    set: { readonly nextAttemptAt: number; readonly reason?: string },
  ): Promise<boolean> {
    return this.#updateHead(stage, key, fieldsSet(owner, { ...set, failures: 0 }));
  }

  setReason(stage: string, key: string, owner: string, reason: string): Promise<boolean> {
    return this.#updateHead(stage, key, fieldsSet(owner, { reason }));
  }

  deleteHead(stage: string, key: string, token: string, owner: string): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: marshall(headKey(stage, key)),
      ConditionExpression: `#token = :token AND ${IS_OWNER}`,
      ExpressionAttributeNames: { '#token': 'token' },
      ExpressionAttributeValues: marshall({ ':token': token, ':owner': owner }),
    });
    return conditionHeld('DeleteItem', this.#client.send(command));
  }

  async oldest(stage: string, key: string, limit: number, after?: string): Promise<readonly ParkedMessage[]> {
    const items: RawItem[] = [];
    const from = after === undefined ? undefined : marshall(messageKey(stage, key, after));
    const input = () => ({ Limit: limit - items.length });
    // A call gives at most 1 MB, which few large messages make.
    for await (const { Items = [] } of this.#messages(stage, key, input, from)) {
      items.push(...Items);
      if (items.length >= limit) break;
    }
    return allDone(items.map(fromMessageItem));
  }

  async page(stage: string, key: string, limit: number): Promise<Page> {
    for await (const { Items = [], LastEvaluatedKey } of this.#messages(stage, key, () => ({ Limit: limit })))
      if (Items.length > 0)
        return {
          messages: await allDone(Items.map(fromMessageItem)),
          more: LastEvaluatedKey !== undefined,
        };
    return { messages: [], more: false };
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

  /** Pages of a key's messages, the oldest first. @param more asked for each page @param after the key of an item */
  async *#messages(
    stage: string,
    key: string,
    more: () => Partial<QueryCommandInput>,
    after?: RawItem,
  ): AsyncGenerator<QueryCommandOutput, void> {
    let from = after;
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

  #updateHead(stage: string, key: string, update: HeadUpdate): Promise<boolean> {
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: marshall(headKey(stage, key)),
      ...update,
    });
    return conditionHeld('UpdateItem', this.#client.send(command));
  }
}
