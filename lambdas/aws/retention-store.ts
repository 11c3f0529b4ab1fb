import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { PARTITION } from '../../contract/tables.ts';
import type { RetentionStore } from '../core/event/ports.ts';
import { NOTHING_SEEN, type SeenRecords, type Sweep } from '../core/event/retention.ts';
import { orFault } from './errors.ts';
import { toItem, type Key } from './items.ts';

const SWEEPS: Key = { pk: PARTITION.pipeline, sk: 'RETENTION' };
const seenKey = (stage: string): Key => ({ pk: PARTITION.pipeline, sk: `SEEN#${stage}` });

const expiring = v.object({
  records: v.number(),
  unseen: v.number(),
  soon: v.number(),
  next: v.optional(v.number()),
});

/** What another version stored in another form counts as nothing: records are warned of once more, and none is deleted too early. */
const sweep = v.fallback(
  v.optional(
    v.object({
      retention: v.number(),
      warnedSince: v.number(),
      at: v.number(),
      endedAt: v.number(),
      found: expiring,
      under: v.optional(v.object({ found: expiring, cursor: v.string() })),
    }),
  ),
  undefined,
);
const sweeps = v.fallback(v.record(v.string(), sweep), {});

const seen = v.fallback(
  v.object({ marks: v.array(v.object({ place: v.string(), at: v.number() })), markedAt: v.number() }),
  { marks: [], markedAt: 0 },
);

/**
 * Items of the state table: one for all sweeps, and one for each stage of which records were seen. They are written without a condition.
 * What a parallel run overwrites is found again by the next; a mark that is lost makes a record unseen, which is the safe side.
 */
export class DynamoRetentionStore implements RetentionStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async readSweeps(): Promise<ReadonlyMap<string, Sweep>> {
    const stored = v.parse(sweeps, (await this.#get(SWEEPS))?.['sweeps']);
    return new Map(
      Object.entries(stored).flatMap(([stage, one]) => (one === undefined ? [] : [[stage, one] as const])),
    );
  }

  saveSweeps(given: ReadonlyMap<string, Sweep>): Promise<void> {
    return this.#put({ ...SWEEPS, sweeps: Object.fromEntries(given) });
  }

  async readSeen(stage: string): Promise<SeenRecords> {
    const item = await this.#get(seenKey(stage));
    return item === undefined ? NOTHING_SEEN : v.parse(seen, item);
  }

  saveSeen(stage: string, { marks, markedAt }: SeenRecords): Promise<void> {
    return this.#put({ ...seenKey(stage), marks, markedAt });
  }

  async #get(key: Key): Promise<Record<string, unknown> | undefined> {
    const get = new GetItemCommand({ TableName: this.#table, Key: marshall(key), ConsistentRead: true });
    const { Item } = await orFault('GetItem', this.#client.send(get));
    return Item && unmarshall(Item);
  }

  async #put(item: object): Promise<void> {
    const put = new PutItemCommand({ TableName: this.#table, Item: toItem(item) });
    await orFault('PutItem', this.#client.send(put));
  }
}
