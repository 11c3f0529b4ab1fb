/** `parked`: the keys that are parked, with what is known of each. */
import pLimit from 'p-limit';
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { ParkedKey } from '../../../contract/operator-views.ts';
import { HEAD_SHARDS, type HeadSummary, type ParkedMessage } from '../../core/stage/parking-port.ts';
import { both, few } from '../fan-out.ts';
import type { ControlDeps } from '../ports.ts';
import { done, stagesWithRecords } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';
import { readListing } from './paging.ts';

/** Messages of a key are counted up to this many: counting costs as much as reading. */
const COUNTED = 100;

/** Keys that are looked into concurrently. */
const KEYS_AT_ONCE = 10;

/** @param messages the oldest of the key, at least one */
export const describeKey = (
  stage: string,
  head: HeadSummary,
  count: number,
  oldest: Pick<ParkedMessage, 'attempt'> | undefined,
): ParkedKey => {
  const crash = oldest?.attempt?.crash;
  const { key, parkedAt, nextAttemptAt, failures, reason } = head;
  return {
    stage,
    key,
    messages: count,
    countIsExact: count < COUNTED,
    parkedAt,
    nextAttemptAt,
    failures,
    reason,
    ...(crash === undefined ? {} : { crash }),
  };
};

export const countMessages = (
  { parking }: Pick<ControlDeps, 'parking'>,
  stage: string,
  key: string,
): Promise<number> => parking.countMessages(stage, key, COUNTED);

/** @returns undefined when it was drained since the index saw it */
const lookInto = async (
  deps: ControlDeps,
  stage: string,
  head: HeadSummary,
): Promise<ParkedKey | undefined> => {
  const [count, [oldest]] = await both(
    countMessages(deps, stage, head.key),
    deps.parking.oldest(stage, head.key, 1),
  );
  return oldest === undefined ? undefined : describeKey(stage, head, count, oldest);
};

const run = async (deps: ControlDeps, request: Requests['parked']): Promise<ControlAnswer<'parked'>> => {
  const stages = await stagesWithRecords(deps, request.stage);
  if (!stages.ok) return stages;
  const places = new Map<string, { readonly stage: string; readonly shard: number }>(
    stages.value.flatMap((stage) =>
      Array.from({ length: HEAD_SHARDS }, (_, shard) => [`${stage}#${shard}`, { stage, shard }] as const),
    ),
  );
  const found = await readListing({
    places: [...places.keys()],
    read: async (name, page) => {
      const { stage, shard } = places.get(name) ?? { stage: '', shard: 0 };
      const { heads, cursor } = await deps.parking.heads(stage, shard, page);
      return { items: heads.map((head) => ({ stage, head })), ...(cursor === undefined ? {} : { cursor }) };
    },
    limit: request.limit ?? fields.DEFAULT_LIMIT,
    cursor: request.cursor,
  });
  const keys = await few(pLimit(KEYS_AT_ONCE), found.items, ({ stage, head }) => lookInto(deps, stage, head));
  return done<'parked'>({
    keys: keys.filter((key) => key !== undefined),
    ...(found.cursor === undefined ? {} : { cursor: found.cursor }),
  });
};

export const parked: Command<'parked'> = {
  schema: requestSchema('parked', { stage: v.exactOptional(fields.stage), ...fields.page }),
  run,
};
