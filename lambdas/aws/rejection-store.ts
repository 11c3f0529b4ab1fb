import {
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  type DynamoDBClient,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { FORMAT, FORMATS } from '../../contract/formats.ts';
import { PARTITION } from '../../contract/tables.ts';
import { newerReason, newerThan } from '../core/base/newer.ts';
import type { Rejection, RejectionReader, RejectionStore } from '../core/event/ports.ts';
import { placeOf } from '../core/event/rejection.ts';
import { orFault, orRefused } from './errors.ts';
import {
  conditionHeld,
  FORMAT_NAME,
  fromCursor,
  NOT_LATER,
  toCursor,
  toItem,
  without,
  type Key,
  type RawItem,
} from './items.ts';

const partition = PARTITION.rejected;

const keyOf = (record: Pick<Rejection, 'stage' | 'receivedAt' | 'id'>): Key => ({
  pk: partition(record.stage),
  sk: placeOf(record),
});

/** @param item as `save` made it; of a later version, what stands for it so that it is listed and kept */
const toRejection = (item: RawItem): Rejection => {
  const { pk, sk, ...fields } = unmarshall(item);
  const newer = newerThan('record', fields[FORMAT]);
  if (newer === undefined) return without(fields, [FORMAT]) as Rejection;
  const place = String(sk);
  const { id, at } = fields;
  return {
    id: typeof id === 'string' ? id : place.slice(place.indexOf('#') + 1),
    stage: String(pk).slice(partition('').length),
    receivedAt: place.slice(0, place.indexOf('#')),
    at: typeof at === 'number' ? at : 0,
    reason: newerReason('record', newer),
    sourceId: 'unknown',
    body: '',
    sha256: '',
    size: 0,
    newer,
  };
};

/** A record of a later version is neither replaced nor removed. */
const UNLESS_LATER = { ConditionExpression: NOT_LATER, ExpressionAttributeNames: FORMAT_NAME };
const OURS = { ':format': FORMATS.record };

/** Rejected events, in the parking table, listed by stage in the order of their acceptance. */
export class DynamoRejectionStore implements RejectionStore, RejectionReader {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async save(rejection: Rejection): Promise<void> {
    const Item = toItem({ ...keyOf(rejection), ...rejection, [FORMAT]: FORMATS.record });
    const put = new PutItemCommand({
      TableName: this.#table,
      Item,
      ...UNLESS_LATER,
      ExpressionAttributeValues: marshall(OURS),
    });
    await conditionHeld('PutItem', this.#client.send(put), orRefused);
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
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: marshall(keyOf(rejection)),
      ...UNLESS_LATER,
      ExpressionAttributeValues: marshall(OURS),
    });
    await conditionHeld('DeleteItem', this.#client.send(command));
  }

  async removeUnchanged(record: Pick<Rejection, 'stage' | 'receivedAt' | 'id' | 'at'>): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.#table,
      Key: marshall(keyOf(record)),
      ConditionExpression: `#at = :at AND ${NOT_LATER}`,
      ExpressionAttributeNames: { '#at': 'at', ...FORMAT_NAME },
      ExpressionAttributeValues: marshall({ ':at': record.at, ...OURS }),
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
