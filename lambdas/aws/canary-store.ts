/** Items of the state table, in the partition of the canary's own stage, so that its function needs no permission that others lack. */
import type { GetItemCommandOutput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import {
  CANARY_ANSWERS,
  type CanaryArrival,
  type CanaryOrders,
  type CanaryPage,
} from '../../contract/canary.ts';
import { PARTITION, TABLE } from '../../contract/tables.ts';
import type { Clock } from '../core/base/clock.ts';
import type { Call } from './direct-call.ts';
import { orFault } from './errors.ts';
import { toItem, type Key } from './items.ts';

/** What a run has left is of use while someone reads its receipt. */
const TTL_SECONDS = 7 * 24 * 3600;
/** Two of each incident. */
const MAX_PAGES = 40;

const orders = v.object({
  answer: v.picklist(CANARY_ANSWERS),
  users: v.exactOptional(v.array(v.string())),
  until: v.number(),
});
/** What cannot be read is no order, and no arrival: a check fails, and no event does. */
const settings = v.fallback(
  v.object({ orders: v.exactOptional(orders), drilledAt: v.exactOptional(v.number()) }),
  {},
);
const arrivals = v.fallback(v.array(v.object({ id: v.string(), delivery: v.string(), at: v.number() })), []);
const pages = v.fallback(
  v.array(v.object({ state: v.string(), changedAt: v.number(), receivedAt: v.number() })),
  [],
);

export class DynamoCanaryStore {
  readonly #call: Call;
  readonly #table: string;
  readonly #stage: string;
  readonly #clock: Clock;

  constructor(call: Call, table: string, stage: string, clock: Clock = Date.now) {
    this.#call = call;
    this.#table = table;
    this.#stage = stage;
    this.#clock = clock;
  }

  async readSettings(): Promise<{ readonly orders?: CanaryOrders; readonly drilledAt?: number }> {
    return v.parse(settings, await this.#get('CANARY'));
  }

  async order(given: CanaryOrders): Promise<void> {
    await this.#update('CANARY', 'SET orders = :orders', { ':orders': given });
  }

  async noteDrill(at: number): Promise<void> {
    await this.#update('CANARY', 'SET drilledAt = :at', { ':at': at });
  }

  async readArrivals(run: string): Promise<readonly CanaryArrival[]> {
    return v.parse(arrivals, (await this.#get(`CANARY#${run}`))['arrivals'] ?? []);
  }

  /** A call that is made again after a timeout may add it twice: the reader knows it by `delivery`. */
  async addArrival(run: string, arrival: CanaryArrival): Promise<void> {
    await this.#append(`CANARY#${run}`, 'arrivals', arrival);
  }

  async readPages(): Promise<readonly CanaryPage[]> {
    return v.parse(pages, (await this.#get('CANARY#PAGES'))['pages'] ?? []);
  }

  async addPage(page: CanaryPage): Promise<void> {
    const before = await this.readPages();
    if (before.length < MAX_PAGES) return this.#append('CANARY#PAGES', 'pages', page);
    const kept = [...before, page].slice(-MAX_PAGES / 2);
    await this.#update('CANARY#PAGES', 'SET pages = :kept', { ':kept': kept });
  }

  async #append(sk: string, list: string, one: object): Promise<void> {
    const expires = Math.floor(this.#clock() / 1_000) + TTL_SECONDS;
    await this.#update(
      sk,
      `SET ${list} = list_append(if_not_exists(${list}, :none), :one), ${TABLE.expires} = :expires`,
      { ':none': [], ':one': [one], ':expires': expires },
    );
  }

  async #get(sk: string): Promise<Record<string, unknown>> {
    const get = { TableName: this.#table, Key: marshall(this.#key(sk)), ConsistentRead: true };
    const { Item } = (await orFault('GetItem', this.#call('GetItem', get))) as Partial<GetItemCommandOutput>;
    return Item === undefined ? {} : unmarshall(Item);
  }

  async #update(sk: string, UpdateExpression: string, values: object): Promise<void> {
    const update = {
      TableName: this.#table,
      Key: marshall(this.#key(sk)),
      UpdateExpression,
      ExpressionAttributeValues: toItem(values),
    };
    await orFault('UpdateItem', this.#call('UpdateItem', update));
  }

  #key(sk: string): Key {
    return { pk: PARTITION.mode(this.#stage), sk };
  }
}
