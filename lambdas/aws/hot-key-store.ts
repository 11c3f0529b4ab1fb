import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { PARTITION, TABLE } from '../../contract/tables.ts';
import { allDone } from '../core/base/all-done.ts';
import type { Clock } from '../core/base/clock.ts';
import { withReports, type HotKeyReport } from '../core/stage/hot-keys.ts';
import type { HotKeyStore } from '../core/stage/ports.ts';
import { orFault } from './errors.ts';
import { toItem, type Key } from './items.ts';

const keyOf = (stage: string): Key => ({ pk: PARTITION.mode(stage), sk: 'HOT' });

/** Reports count for minutes; DynamoDB deletes the item some time after this. */
const TTL_SECONDS = 24 * 3600;

const report = v.object({
  key: v.string(),
  by: v.string(),
  backlog: v.number(),
  age: v.number(),
  at: v.number(),
});

/** What another version stored in another form counts as no report. */
const stored = v.fallback(v.array(report), []);

/**
 * Reports of hot keys, one item of the state table for each stage. It is read and written without a condition: a report that is
 * overwritten by another environment's is written again a minute later.
 */
export class DynamoHotKeyStore implements HotKeyStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor(client: DynamoDBClient, table: string, clock: Clock) {
    this.#client = client;
    this.#table = table;
    this.#clock = clock;
  }

  async saveHotKeys(stage: string, own: readonly HotKeyReport[]): Promise<void> {
    const now = this.#clock();
    const reports = withReports(await this.#read(stage), own, now);
    const expires = Math.floor(now / 1000) + TTL_SECONDS;
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: toItem({ ...keyOf(stage), reports, [TABLE.expires]: expires }),
    });
    await orFault('PutItem', this.#client.send(put));
  }

  async readHotKeys(stages: readonly string[]): Promise<ReadonlyMap<string, readonly HotKeyReport[]>> {
    return new Map(await allDone(stages.map(async (stage) => [stage, await this.#read(stage)] as const)));
  }

  async #read(stage: string): Promise<readonly HotKeyReport[]> {
    const get = new GetItemCommand({ TableName: this.#table, Key: marshall(keyOf(stage)) });
    const { Item } = await orFault('GetItem', this.#client.send(get));
    return Item === undefined ? [] : v.parse(stored, unmarshall(Item)['reports']);
  }
}
