import { createHash } from 'node:crypto';
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
import { byteLength, cut } from '../core/base/text.ts';
import { orFault, orRefused } from './clients.ts';
import { fromCursor, toCursor, toItem, without, type Key, type RawItem } from './items.ts';

const partition = PARTITION.rejected;

/** Bytes of a sort key: DynamoDB's limit. */
const MAX_SORT_BYTES = 1_024;

/** Bytes of the time in a sort key that has a hash: more than an ISO 8601 time has. */
const MAX_TIME_BYTES = 64;

/**
 * The time of acceptance first, so that records are in its order; then the id, or a hash where both together are too long: an id may
 * have been taken from an event. Reading and removing go by the same rule.
 */
const sortOf = (receivedAt: string, id: string): string => {
  const name = `${receivedAt}#${id}`;
  if (byteLength(name) <= MAX_SORT_BYTES) return name;
  const hash = createHash('sha256').update(name).digest('hex');
  return `${cut(receivedAt, MAX_TIME_BYTES)}#sha256:${hash}`;
};

const keyOf = ({ stage, receivedAt, id }: Pick<Rejection, 'stage' | 'receivedAt' | 'id'>): Key => ({
  pk: partition(stage),
  sk: sortOf(receivedAt, id),
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
