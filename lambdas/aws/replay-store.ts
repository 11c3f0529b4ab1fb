/** Replays, in the state table: an item for each, as JSON. */
import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITION } from '../../contract/tables.ts';
import type { Counts, ReplayRecord, ReplayStore } from '../core/stage/replay-port.ts';
import { orFault } from './errors.ts';
import { conditionHeld } from './items.ts';

export class DynamoReplayStore implements ReplayStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(id: string): Promise<ReplayRecord | undefined> {
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: marshall({ pk: PARTITION.replays, sk: id }),
      ConsistentRead: true,
    });
    const { Item } = await orFault('GetItem', this.#client.send(command));
    if (Item === undefined) return undefined;
    const { record, rev } = unmarshall(Item) as { record: string; rev: number };
    const stored = JSON.parse(record) as ReplayRecord;
    // One of a version that had no deletion list.
    return {
      ...stored,
      counts: { ...stored.counts, erased: (stored.counts as Partial<Counts>).erased ?? 0 },
      rev,
    };
  }

  save({ rev, ...record }: ReplayRecord): Promise<boolean> {
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: marshall({ pk: PARTITION.replays, sk: record.id, rev, record: JSON.stringify(record) }),
      ConditionExpression: rev === 1 ? 'attribute_not_exists(pk)' : 'rev = :before',
      ...(rev === 1 ? {} : { ExpressionAttributeValues: marshall({ ':before': rev - 1 }) }),
    });
    return conditionHeld('PutItem', this.#client.send(command));
  }
}
