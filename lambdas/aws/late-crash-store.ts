import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITION, TABLE } from '../../contract/tables.ts';
import { allDone } from '../core/base/all-done.ts';
import { InfraFault } from '../core/base/faults.ts';
import type { Clock } from '../core/base/clock.ts';
import type { LateCrashes } from '../../contract/modes.ts';
import type { LateCrashStore } from '../core/mode/ports.ts';
import { orFault } from './errors.ts';
import { conditionHeld, toItem, type Key } from './items.ts';

const keyOf = (stage: string): Key => ({ pk: PARTITION.mode(stage), sk: 'LATE' });

/** How long a record is kept after its last addition. */
const TTL_SECONDS = 7 * 24 * 3600;

type Addition = Pick<LateCrashes, 'count' | 'last'>;

/**
 * Late crashes, one item of the state table for each stage. DynamoDB may take days to delete an item whose time is over, so
 * such an item counts as absent here: it is not read, and an addition replaces it.
 */
export class DynamoLateCrashStore implements LateCrashStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor(client: DynamoDBClient, table: string, clock: Clock) {
    this.#client = client;
    this.#table = table;
    this.#clock = clock;
  }

  /** The SDK repeats a call that timed out, and DynamoDB may then have counted it twice: the count is for people. */
  async addLateCrashes(stage: string, crashes: Addition): Promise<void> {
    const now = this.#clock();
    if (await this.#add(stage, crashes, now)) return;
    if (await this.#replace(stage, crashes, now)) return;
    // Between the two calls another function replaced the expired item, or DynamoDB deleted it.
    if (await this.#add(stage, crashes, now)) return;
    throw new InfraFault(`the record of the late crashes of ${stage} was changed by others`);
  }

  async readLateCrashes(stages: readonly string[]): Promise<ReadonlyMap<string, LateCrashes>> {
    const found = new Map<string, LateCrashes>();
    await allDone(
      stages.map(async (stage) => {
        const crashes = await this.#read(stage);
        if (crashes !== undefined) found.set(stage, crashes);
      }),
    );
    return found;
  }

  /** @returns false when what is stored has expired */
  #add(stage: string, { count, last }: Addition, now: number): Promise<boolean> {
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: marshall(keyOf(stage)),
      UpdateExpression:
        'ADD #count :count SET #last = :last, #since = if_not_exists(#since, :since), #expires = :expires',
      ConditionExpression: 'attribute_not_exists(#expires) OR #expires > :now',
      ExpressionAttributeNames: {
        '#count': 'count',
        '#last': 'last',
        '#since': 'since',
        '#expires': TABLE.expires,
      },
      ExpressionAttributeValues: toItem({
        ':count': count,
        ':last': last,
        ':since': now,
        ':expires': expiryOf(now),
        ':now': toSeconds(now),
      }),
    });
    return conditionHeld('UpdateItem', this.#client.send(update));
  }

  /** @returns false when what is stored has not expired, or is gone */
  #replace(stage: string, { count, last }: Addition, now: number): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: toItem({ ...keyOf(stage), count, since: now, last, [TABLE.expires]: expiryOf(now) }),
      ConditionExpression: '#expires <= :now',
      ExpressionAttributeNames: { '#expires': TABLE.expires },
      ExpressionAttributeValues: marshall({ ':now': toSeconds(now) }),
    });
    return conditionHeld('PutItem', this.#client.send(put));
  }

  async #read(stage: string): Promise<LateCrashes | undefined> {
    const get = new GetItemCommand({
      TableName: this.#table,
      Key: marshall(keyOf(stage)),
      ConsistentRead: true,
    });
    const { Item } = await orFault('GetItem', this.#client.send(get));
    if (Item === undefined) return undefined;
    const { count, since, last, [TABLE.expires]: expires } = unmarshall(Item) as StoredItem;
    return expires > toSeconds(this.#clock()) ? { count, since, last } : undefined;
  }
}

/** As `#add` and `#replace` write it. */
type StoredItem = LateCrashes & Readonly<Record<typeof TABLE.expires, number>>;

/** DynamoDB's unit for the time to live. @param ms milliseconds since 1970 */
const toSeconds = (ms: number): number => Math.floor(ms / 1000);

const expiryOf = (now: number): number => toSeconds(now) + TTL_SECONDS;
