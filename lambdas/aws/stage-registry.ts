import {
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITION } from '../../contract/tables.ts';
import type { StageQueues, StageRegistry } from '../core/mode/ports.ts';
import { orFault } from './errors.ts';
import type { Key } from './items.ts';

const KEY: Key = { pk: PARTITION.pipeline, sk: 'STAGES' };

/** Each stage is an attribute of its own, so that adding some takes none away. */
const PREFIX = 'stage:';

/** Stages in a call: DynamoDB takes 300 operators in an expression. */
const AT_ONCE = 40;

/**
 * One item of the state table. A queue is replaced only by a control that has read it: of two controls that know different queues of a stage
 * (it was removed and added again while the first one ran) the later one would otherwise forget the queue of the earlier one, with what
 * waits there.
 */
export class DynamoStageRegistry implements StageRegistry {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  #read: ReadonlyMap<string, StageQueues> = new Map();

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async read(): Promise<ReadonlyMap<string, StageQueues>> {
    const get = new GetItemCommand({ TableName: this.#table, Key: marshall(KEY), ConsistentRead: true });
    const { Item } = await orFault('GetItem', this.#client.send(get));
    const attributes = Object.entries(Item === undefined ? {} : unmarshall(Item));
    this.#read = new Map(
      attributes
        .filter(([name]) => name.startsWith(PREFIX))
        .map(([name, queues]) => [name.slice(PREFIX.length), queues as StageQueues]),
    );
    return this.#read;
  }

  /** What another control has written since they were read is not replaced: the next run reads again, and knows what it replaces. */
  async save(stages: ReadonlyMap<string, StageQueues>): Promise<void> {
    const entries = [...stages];
    // In their order: a former queue is saved with the one that follows it, or before.
    for (let from = 0; from < entries.length; from += AT_ONCE)
      if (!(await this.#save(entries.slice(from, from + AT_ONCE)))) return;
  }

  /** @returns whether they were saved */
  async #save(entries: readonly (readonly [string, StageQueues])[]): Promise<boolean> {
    const before = entries.map(([id]) => this.#read.get(id)?.queueName);
    // By name: an emulator may not compare whole values.
    const conditions = before.map((name, i) =>
      name === undefined ? `(attribute_not_exists(#s${i}) OR #s${i}.#q = :q${i})` : `#s${i}.#q = :q${i}`,
    );
    const values = entries.flatMap(([, { queueName, deadLetterQueueName }], i): [string, unknown][] => [
      [`:s${i}`, { queueName, deadLetterQueueName }],
      [`:q${i}`, before[i] ?? queueName],
    ]);
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: marshall(KEY),
      UpdateExpression: `SET ${entries.map((_, i) => `#s${i} = :s${i}`).join(', ')}`,
      ConditionExpression: conditions.join(' AND '),
      ExpressionAttributeNames: {
        '#q': 'queueName',
        ...Object.fromEntries(entries.map(([id], i) => [`#s${i}`, `${PREFIX}${id}`])),
      },
      ExpressionAttributeValues: marshall(Object.fromEntries(values)),
    });
    try {
      await orFault('UpdateItem', this.#client.send(update));
      return true;
    } catch (error) {
      const { cause } = error as { readonly cause?: unknown };
      if (cause instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
