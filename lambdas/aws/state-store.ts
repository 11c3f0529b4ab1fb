import {
  BatchGetItemCommand,
  GetItemCommand,
  PutItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { ROUTER_STAGE } from '../../config/bundle.ts';
import { readMode, type Mode } from '../core/mode.ts';
import { InfraFault, type Attempt, type Clock, type StageState, type StateStore } from '../core/ports.ts';
import { orFault } from './clients.ts';

type Key = Record<'pk' | 'sk', string>;

export const modeKey = (stage: string): Key => ({ pk: `MODE#${stage}`, sk: 'MODE' });
const successKey = (stage: string): Key => ({ pk: `MODE#${stage}`, sk: 'SUCCESS' });
const attemptKey = (stage: string, messageId: string): Key => ({
  pk: `ATTEMPT#${stage}#${messageId}`,
  sk: 'ATTEMPT',
});

/** SQS keeps a message 14 days; its record may go a little later. */
const ATTEMPT_TTL_SECONDS = 21 * 24 * 3600;

/** BatchGetItem may leave keys unread under load; what is unread after these rounds is a fault, never "absent". */
const READ_ROUNDS = 3;

const nameOf = ({ pk, sk }: Key): string => `${pk}/${sk}`;

/** Modes and attempts, in the state table. */
export class DynamoStateStore implements StateStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #clock: Clock;

  constructor(client: DynamoDBClient, table: string, clock: Clock) {
    this.#client = client;
    this.#table = table;
    this.#clock = clock;
  }

  async read(stage: string, attemptsOf: readonly string[]): Promise<StageState> {
    const modeKeys = [...new Set([stage, ROUTER_STAGE])].map(modeKey);
    const attemptKeys = attemptsOf.map((id) => ({ id, key: attemptKey(stage, id) }));
    const items = await this.#readAll([...modeKeys, ...attemptKeys.map(({ key }) => key)]);
    const attempts = attemptKeys.flatMap(({ id, key }): [string, Attempt][] => {
      const item = items.get(nameOf(key));
      // Written by `saveAttempt` below, and by nothing else.
      return item === undefined ? [] : [[id, item as unknown as Attempt]];
    });
    return { modes: modeKeys.map((key) => readMode(items.get(nameOf(key)))), attempts: new Map(attempts) };
  }

  /** Every stage's mode, in the order given. @throws InfraFault */
  async readModes(stages: readonly string[]): Promise<readonly Mode[]> {
    const keys = stages.map(modeKey);
    const items = await this.#readAll(keys);
    return keys.map((key) => readMode(items.get(nameOf(key))));
  }

  async saveAttempt(stage: string, messageId: string, attempt: Attempt): Promise<void> {
    const expires = Math.floor(this.#clock() / 1000) + ATTEMPT_TTL_SECONDS;
    await this.#put({ ...attemptKey(stage, messageId), ...attempt, expires });
  }

  async lastSuccess(stage: string): Promise<number | undefined> {
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: marshall(successKey(stage)),
      ConsistentRead: true,
    });
    const { Item } = await orFault('GetItem', this.#client.send(command));
    const at: unknown = Item === undefined ? undefined : unmarshall(Item)['at'];
    return typeof at === 'number' ? at : undefined;
  }

  async saveSuccess(stage: string, at: number): Promise<void> {
    await this.#put({ ...successKey(stage), at });
  }

  async #put(item: object): Promise<void> {
    const command = new PutItemCommand({
      TableName: this.#table,
      Item: marshall(item, { removeUndefinedValues: true }),
    });
    await orFault('PutItem', this.#client.send(command));
  }

  async #readAll(keys: readonly Key[]): Promise<ReadonlyMap<string, Record<string, unknown>>> {
    const found = new Map<string, Record<string, unknown>>();
    let left: Record<string, AttributeValue>[] = keys.map((key) => marshall(key));
    for (let round = 0; round < READ_ROUNDS && left.length > 0; round++) {
      const command = new BatchGetItemCommand({
        RequestItems: { [this.#table]: { Keys: left, ConsistentRead: true } },
      });
      const { Responses, UnprocessedKeys } = await orFault('BatchGetItem', this.#client.send(command));
      for (const raw of Responses?.[this.#table] ?? []) {
        const item = unmarshall(raw);
        found.set(nameOf(item as Key), item);
      }
      left = UnprocessedKeys?.[this.#table]?.Keys ?? [];
    }
    if (left.length > 0)
      throw new InfraFault(`BatchGetItem left ${left.length} of ${keys.length} keys unread`);
    return found;
  }
}
