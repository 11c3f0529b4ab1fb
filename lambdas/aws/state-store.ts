import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  GetItemCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { ROUTER_STAGE } from '../../contract/bundle.ts';
import { PARTITION } from '../../contract/tables.ts';
import { parseMode, toModeItem } from '../core/mode/codec.ts';
import type { ModeRecord, StageProgress } from '../core/mode/record.ts';
import { allDone } from '../core/base/all-done.ts';
import { InfraFault } from '../core/base/faults.ts';
import type { Attempt, StageState, StateStore } from '../core/stage/ports.ts';
import type { Clock } from '../core/base/clock.ts';
import type { ModeStore, StoredStage } from '../core/mode/ports.ts';
import type { Call } from './direct-call.ts';
import { orFault } from './errors.ts';
import { conditionHeld, toItem, without, type Key, type RawItem } from './items.ts';
import { headKey } from './parking-items.ts';

export const modeKey = (stage: string): Key => ({ pk: PARTITION.mode(stage), sk: 'MODE' });
const progressKey = (stage: string): Key => ({ pk: PARTITION.mode(stage), sk: 'PROGRESS' });
const attemptKey = (stage: string, messageId: string): Key => ({
  pk: PARTITION.attempt(stage, messageId),
  sk: 'ATTEMPT',
});

/** SQS keeps a message 14 days; its record may go a little later. */
const ATTEMPT_TTL_SECONDS = 21 * 24 * 3600;

/** Keys of one BatchGetItem: DynamoDB's limit. */
const MAX_KEYS = 100;

/** BatchGetItem may leave keys unread under load; what is unread after these rounds is a fault, never "absent". */
const READ_ROUNDS = 3;

type Tables = Readonly<Record<'state' | 'parking', string>>;
type Requests = NonNullable<BatchGetItemCommandInput['RequestItems']>;
type Found = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** No key of one table is one of the other. */
const nameOf = ({ pk, sk }: Key): string => `${pk}/${sk}`;

/**
 * Modes and attempts, of the state table, and which keys are parked, of the parking table. No item of it is binary, so that requests and
 * answers are DynamoDB's protocol as it is, with the SDK or without.
 */
export class DynamoStateStore implements StateStore, ModeStore {
  readonly #call: Call;
  readonly #tables: Tables;
  readonly #clock: Clock;

  constructor(call: Call, tables: Tables, clock: Clock) {
    this.#call = call;
    this.#tables = tables;
    this.#clock = clock;
  }

  async read(stage: string, query: Parameters<StateStore['read']>[1]): Promise<StageState> {
    const attemptKeys = query.attemptsOf.map((id) => ({ id, key: attemptKey(stage, id) }));
    const heads = query.keys.map((key) => ({ key, head: headKey(stage, key) }));
    const items = await this.#readAll(
      [...storedKeys(stage, ROUTER_STAGE), ...attemptKeys.map(({ key }) => key)],
      heads.map(({ head }) => head),
    );
    return {
      ...storedOf(items, stage, ROUTER_STAGE),
      parked: new Set(heads.filter(({ head }) => items.has(nameOf(head))).map(({ key }) => key)),
      attempts: new Map(
        attemptKeys.flatMap(({ id, key }): [string, Attempt][] => {
          const item = items.get(nameOf(key));
          return item === undefined ? [] : [[id, toAttempt(item)]];
        }),
      ),
    };
  }

  async readModes(stages: readonly string[]): Promise<ReadonlyMap<string, ModeRecord>> {
    const groups = Array.from({ length: Math.ceil(stages.length / MAX_KEYS) }, (_, i) =>
      stages.slice(i * MAX_KEYS, (i + 1) * MAX_KEYS),
    );
    const read = await allDone(groups.map((group) => this.#readAll(group.map(modeKey), [])));
    const items = new Map(read.flatMap((found) => [...found]));
    return new Map(stages.map((stage) => [stage, modeOf(items, stage)]));
  }

  async readStored(stage: string, routerStage: string): Promise<StoredStage> {
    return storedOf(await this.#readAll(storedKeys(stage, routerStage), []), stage, routerStage);
  }

  async writeMode(stage: string, next: ModeRecord, previous: ModeRecord): Promise<boolean> {
    if (previous.rev < 0) return this.#replaceUnreadable(stage, next);
    const put = { TableName: this.#tables.state, Item: toItem({ ...modeKey(stage), ...toModeItem(next) }) };
    const condition =
      previous.rev === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'rev = :rev',
            ExpressionAttributeValues: marshall({ ':rev': previous.rev }),
          };
    return conditionHeld('PutItem', this.#call('PutItem', { ...put, ...condition }));
  }

  /**
   * Who read the item as unreadable does not know its `rev`, if it has one at all. It is read again, and replaced on
   * condition that its `rev` is still what it was, by an item with another: of two that replace it one is refused.
   */
  async #replaceUnreadable(stage: string, next: ModeRecord): Promise<boolean> {
    const TableName = this.#tables.state;
    const get = { TableName, Key: marshall(modeKey(stage)), ConsistentRead: true };
    const { Item } = (await orFault('GetItem', this.#call('GetItem', get))) as Partial<GetItemCommandOutput>;
    const found = parseMode(Item && withoutKeys(unmarshall(Item)));
    if (Item === undefined || found.rev >= 0 || found.newer !== undefined) return false;
    const raw = Item['rev'];
    const rev = Number(raw?.N);
    const known = Number.isSafeInteger(rev + 1) && rev > 0 ? rev : 0;
    const put = {
      TableName,
      Item: toItem({ ...modeKey(stage), ...toModeItem({ ...next, rev: known + 1 }) }),
      ...(raw === undefined
        ? { ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(rev)' }
        : { ConditionExpression: 'rev = :rev', ExpressionAttributeValues: { ':rev': raw } }),
    };
    return conditionHeld('PutItem', this.#call('PutItem', put));
  }

  async saveAttempt(stage: string, messageId: string, attempt: Attempt): Promise<void> {
    const expires = Math.floor(this.#clock() / 1000) + ATTEMPT_TTL_SECONDS;
    await this.#put({ ...attemptKey(stage, messageId), ...attempt, expires });
  }

  async saveProgress(stage: string, progress: StageProgress): Promise<void> {
    // Mostly there is one. Each has a condition of its own: an older one must not keep a newer one of the other kind from being stored.
    for (const [name, at] of Object.entries(progress) as [keyof StageProgress, number][]) {
      const update = {
        TableName: this.#tables.state,
        Key: marshall(progressKey(stage)),
        UpdateExpression: `SET ${name} = :at`,
        // Of two environments that write at the same moment the later progress stays.
        ConditionExpression: `attribute_not_exists(${name}) OR ${name} < :at`,
        ExpressionAttributeValues: marshall({ ':at': at }),
      };
      await conditionHeld('UpdateItem', this.#call('UpdateItem', update));
    }
  }

  async #put(item: object): Promise<void> {
    await orFault('PutItem', this.#call('PutItem', { TableName: this.#tables.state, Item: toItem(item) }));
  }

  /** One call for both tables. @param inState at most 100 together with `inParking`; a key may come twice */
  async #readAll(inState: readonly Key[], inParking: readonly Key[]): Promise<Found> {
    const { state, parking } = this.#tables;
    const found = new Map<string, Record<string, unknown>>();
    let left: Requests = {
      ...requestOf(state, inState),
      ...requestOf(parking, inParking),
    };
    for (let round = 0; round < READ_ROUNDS && countKeys(left) > 0; round++) {
      const { Responses = {}, UnprocessedKeys = {} } = (await orFault(
        'BatchGetItem',
        this.#call('BatchGetItem', { RequestItems: left }),
      )) as Partial<BatchGetItemCommandOutput>;
      for (const raw of Object.values(Responses).flat()) {
        const item = unmarshall(raw);
        found.set(nameOf(item as Key), item);
      }
      left = UnprocessedKeys;
    }
    const unread = countKeys(left);
    if (unread > 0) throw new InfraFault(`BatchGetItem left ${unread} keys unread`);
    return found;
  }
}

const withoutKeys = (item: Readonly<Record<string, unknown>>): object => without(item, ['pk', 'sk']);

const storedKeys = (stage: string, routerStage: string): readonly Key[] => [
  modeKey(stage),
  modeKey(routerStage),
  progressKey(stage),
];

const modeOf = (items: Found, stage: string): ModeRecord => {
  const item = items.get(nameOf(modeKey(stage)));
  return parseMode(item === undefined ? undefined : withoutKeys(item));
};

const storedOf = (items: Found, stage: string, routerStage: string): StoredStage => ({
  own: modeOf(items, stage),
  system: modeOf(items, routerStage),
  progress: toProgress(items.get(nameOf(progressKey(stage)))),
});

/** What is not a time is as good as absent. */
const toProgress = (item: Readonly<Record<string, unknown>> = {}): StageProgress => {
  const { deliveredAt, filteredAt } = item;
  return {
    ...(typeof deliveredAt === 'number' ? { deliveredAt } : {}),
    ...(typeof filteredAt === 'number' ? { filteredAt } : {}),
  };
};

/** BatchGetItem refuses a key that comes twice, and a table without keys. */
const requestOf = (table: string, keys: readonly Key[]): Requests => {
  const unique = new Map<string, RawItem>(keys.map((key) => [nameOf(key), marshall(key) as RawItem]));
  return unique.size === 0 ? {} : { [table]: { Keys: [...unique.values()], ConsistentRead: true } };
};

const countKeys = (requests: Requests): number =>
  Object.values(requests).reduce((sum, { Keys = [] }) => sum + Keys.length, 0);

/** @param item as `saveAttempt` made it */
const toAttempt = (item: Readonly<Record<string, unknown>>): Attempt =>
  without(item, ['pk', 'sk', 'expires']) as Attempt;
