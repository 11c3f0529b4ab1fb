import { GetItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITION } from '../../contract/tables.ts';
import type { StageQueues, StageRegistry } from '../core/mode/ports.ts';
import { orFault } from './errors.ts';
import type { Key } from './items.ts';

const KEY: Key = { pk: PARTITION.pipeline, sk: 'STAGES' };

/** Each stage is an attribute of its own, so that adding some needs no condition and takes none away. */
const PREFIX = 'stage:';

/** One item of the state table. */
export class DynamoStageRegistry implements StageRegistry {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(): Promise<ReadonlyMap<string, StageQueues>> {
    const get = new GetItemCommand({ TableName: this.#table, Key: marshall(KEY), ConsistentRead: true });
    const { Item } = await orFault('GetItem', this.#client.send(get));
    const attributes = Object.entries(Item === undefined ? {} : unmarshall(Item));
    return new Map(
      attributes
        .filter(([name]) => name.startsWith(PREFIX))
        .map(([name, queues]) => [name.slice(PREFIX.length), queues as StageQueues]),
    );
  }

  async save(stages: ReadonlyMap<string, StageQueues>): Promise<void> {
    const entries = [...stages].map(
      ([id, { queueName, deadLetterQueueName }]) => [id, { queueName, deadLetterQueueName }] as const,
    );
    if (entries.length === 0) return;
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: marshall(KEY),
      UpdateExpression: `SET ${entries.map((_, i) => `#s${i} = :s${i}`).join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(entries.map(([id], i) => [`#s${i}`, `${PREFIX}${id}`])),
      ExpressionAttributeValues: marshall(
        Object.fromEntries(entries.map(([, queues], i) => [`:s${i}`, queues])),
      ),
    });
    await orFault('UpdateItem', this.#client.send(update));
  }
}
