import type { GetItemCommandOutput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITION } from '../../contract/tables.ts';
import type { Clock } from '../core/base/clock.ts';
import {
  decodeSeen,
  encodeSeen,
  type Seen,
  type SeenLimits,
  type SeenIdsStore,
} from '../core/event/seen-ids.ts';
import type { Call } from './direct-call.ts';
import { orFault } from './errors.ts';
import { toItem, type Key } from './items.ts';

const keyOf = (key: string): Key => ({ pk: PARTITION.seen(key), sk: 'SEEN' });

/** By how much an item outlives its window, in seconds: a repetition may have to wait while the router is degraded. */
const TTL_MARGIN_SECONDS = 24 * 3600;

/** Which events have come before, one item for each order key, in the state table. */
export class DynamoSeenIdsStore implements SeenIdsStore {
  readonly #call: Call;
  readonly #table: string;
  readonly #ttlSeconds: number;
  readonly #clock: Clock;

  constructor(call: Call, table: string, { window }: Pick<SeenLimits, 'window'>, clock: Clock) {
    this.#call = call;
    this.#table = table;
    this.#ttlSeconds = Math.ceil(window / 1000) + TTL_MARGIN_SECONDS;
    this.#clock = clock;
  }

  async read(key: string): Promise<Seen> {
    const get = { TableName: this.#table, Key: marshall(keyOf(key)), ConsistentRead: true };
    const { Item } = (await orFault('GetItem', this.#call('GetItem', get))) as Partial<GetItemCommandOutput>;
    return Item === undefined ? [] : decodeSeen(unmarshall(Item)['seen']);
  }

  async save(key: string, seen: Seen): Promise<void> {
    const expires = Math.floor(this.#clock() / 1000) + this.#ttlSeconds;
    const Item = toItem({ ...keyOf(key), seen: encodeSeen(seen), expires });
    await orFault('PutItem', this.#call('PutItem', { TableName: this.#table, Item }));
  }
}
