import {
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  type DynamoDBClient,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITION } from '../../contract/tables.ts';
import type { Rejection, RejectionReader, RejectionStore } from '../core/event/ports.ts';
import { placeOf } from '../core/event/rejection.ts';
import { orFault, orRefused } from './errors.ts';
import { conditionHeld, fromCursor, toCursor, toItem, without, type Key, type RawItem } from './items.ts';

const partition = PARTITION.rejected;

const keyOf = (record: Pick<Rejection, 'stage' | 'receivedAt' | 'id'>): Key => ({
  pk: partition(record.stage),
  sk: placeOf(record),
});

/** @param item as `save` made it */
const toRejection = (item: RawItem): Rejection => without(unmarshall(item), ['pk', 'sk']) as Rejection;

/** Rejected events, in the parking table, listed by stage in the order of their acceptance. */
export class DynamoRejectionStore implements RejectionStore, RejectionReader {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async save(rejection: Rejection): Promise<void> {
    const Item = toItem({ ...keyOf(rejection), ...rejection });
    await orRefused('PutItem', this.#client.send(new PutItemCommand({ TableName: this.#table, Item })));
  }

  async list(
    stage: string,
    { limit, cursor, since, until }: Parameters<RejectionReader['list']>[1],
  ): ReturnType<RejectionReader['list']> {
    // Sort keys begin with the time of acceptance, so a range of it is read without what lies outside.
    const range = [
      ...(since === undefined ? [] : ['sk >= :since']),
      ...(until === undefined ? [] : ['sk < :until']),
    ];
    const times = { ':since': since, ':until': until };
    const { Items = [], LastEvaluatedKey } = await this.#query(stage, {
      KeyConditionExpression: [
        'pk = :pk',
        ...(range.length < 2 ? range : ['sk BETWEEN :since AND :until']),
      ].join(' AND '),
      ExpressionAttributeValues: marshall(times, { removeUndefinedValues: true }),
      Limit: limit,
      ...(cursor === undefined ? {} : { ExclusiveStartKey: fromCursor(cursor) }),
    });
    const rejections = Items.map(toRejection);
    return LastEvaluatedKey === undefined
      ? { rejections }
      : { rejections, cursor: toCursor(LastEvaluatedKey) };
  }

  async find(stage: string, id: string): Promise<Rejection | undefined> {
    let from: RawItem | undefined;
    do {
      const { Items, LastEvaluatedKey } = await this.#query(stage, {
        FilterExpression: '#id = :id',
        ExpressionAttributeNames: { '#id': 'id' },
        ExpressionAttributeValues: marshall({ ':id': id }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      });
      const [item] = Items ?? [];
      if (item !== undefined) return toRejection(item);
      from = LastEvaluatedKey;
    } while (from !== undefined);
    return undefined;
  }

  async remove(rejection: Pick<Rejection, 'stage' | 'receivedAt' | 'id'>): Promise<void> {
    const command = new DeleteItemCommand({ TableName: this.#table, Key: marshall(keyOf(rejection)) });
    await orFault('DeleteItem', this.#client.send(command));
  }

  async removeUnchanged(record: Pick<Rejection, 'stage' | 'receivedAt' | 'id' | 'at'>): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: marshall(keyOf(record)),
      ConditionExpression: '#at = :at',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: marshall({ ':at': record.at }),
    });
    return conditionHeld('DeleteItem', this.#client.send(command));
  }

  /** Strongly consistent: who has just removed a record must not see it again. */
  #query(stage: string, input: Partial<QueryCommandInput>): Promise<QueryCommandOutput> {
    const command = new QueryCommand({
      KeyConditionExpression: 'pk = :pk',
      ...input,
      TableName: this.#table,
      ConsistentRead: true,
      ExpressionAttributeValues: {
        ...input.ExpressionAttributeValues,
        ...marshall({ ':pk': partition(stage) }),
      },
    });
    return orFault('Query', this.#client.send(command));
  }
}
