/** What is parked in a stage, by the index of parked keys. */
import pLimit, { type LimitFunction } from 'p-limit';
import type { ModeRecord } from '../core/mode/record.ts';
import { HIDES_OTHERS } from '../core/stage/crowding.ts';
import { isDue } from '../core/stage/drain.ts';
import { inOwnTrouble } from '../core/stage/own-trouble.ts';
import { REPLAYED } from '../core/stage/replay.ts';
import { HEAD_SHARDS, type ParkingStore } from '../core/stage/parking-port.ts';
import { few } from './fan-out.ts';
import type { ControlDeps } from './ports.ts';

/** What is parked in a stage, by the index: a moment late. */
export interface Parked {
  /** Those in trouble of their own among them. */
  readonly keys: number;
  /** Keys in trouble of their own: see `own-trouble.ts`. */
  readonly own: number;
  /** When each key was parked that was not parked for its backlog alone, or by a replay. Milliseconds since 1970, as all times here. */
  readonly parkedAt: readonly number[];
  readonly oldestParkedAt?: number;
  readonly shards: readonly ShardSurvey[];
}

export interface Survey extends Parked {
  /** Shards that have a head which is due. */
  readonly dueShards: readonly ShardSurvey[];
}

const PAGE = 500;

/** Of a shard. What lies beyond is not counted: 50,000 keys of a stage are trouble enough to be seen. */
const MAX_PAGES = 10;

/** Concurrent queries, over all stages. */
const CALLS_AT_ONCE = 20;

interface ShardSurvey {
  readonly shard: number;
  readonly keys: number;
  readonly own: number;
  readonly parkedAt: readonly number[];
  readonly oldestParkedAt: number;
  /** The least `nextAttemptAt` and the least `triedEpoch` of its heads: by these it is known whether one is due. */
  readonly nextAttemptAt: number;
  readonly triedEpoch: number;
}

const surveyShard = async (parking: ParkingStore, stage: string, shard: number): Promise<ShardSurvey> => {
  let [keys, oldestParkedAt] = [0, Infinity];
  let own = 0;
  const parkedAt: number[] = [];
  let [nextAttemptAt, triedEpoch] = [Infinity, Infinity];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const from = cursor === undefined ? {} : { cursor };
    const found = await parking.heads(stage, shard, { limit: PAGE, ...from });
    keys += found.heads.length;
    for (const head of found.heads) {
      if (inOwnTrouble(head)) own += 1;
      // It says nothing of the events: they are many, or an operator sends them again.
      if (head.reason !== HIDES_OTHERS && !head.reason.startsWith(REPLAYED)) parkedAt.push(head.parkedAt);
      oldestParkedAt = Math.min(oldestParkedAt, head.parkedAt);
      nextAttemptAt = Math.min(nextAttemptAt, head.nextAttemptAt);
      triedEpoch = Math.min(triedEpoch, head.triedEpoch);
    }
    cursor = found.cursor;
    if (cursor === undefined) break;
  }
  return { shard, keys, own, parkedAt, oldestParkedAt, nextAttemptAt, triedEpoch };
};

export const surveyLimit = (): LimitFunction => pLimit(CALLS_AT_ONCE);

const SHARDS: readonly number[] = Array.from({ length: HEAD_SHARDS }, (_, shard) => shard);

/**
 * @param limit shared by all surveys that run at the same time
 * @throws InfraFault
 */
export const surveyParked = async (
  { parking }: Pick<ControlDeps, 'parking'>,
  stage: string,
  limit = surveyLimit(),
): Promise<Parked> => {
  const shards = await few(limit, SHARDS, (shard) => surveyShard(parking, stage, shard));
  const oldestParkedAt = Math.min(...shards.map((shard) => shard.oldestParkedAt));
  return {
    keys: shards.reduce((sum, { keys }) => sum + keys, 0),
    own: shards.reduce((sum, { own }) => sum + own, 0),
    parkedAt: shards.flatMap(({ parkedAt }) => parkedAt),
    ...(Number.isFinite(oldestParkedAt) ? { oldestParkedAt } : {}),
    shards,
  };
};

/** Shards that have a head which is due, in trouble of its own or not. */
export const dueShards = (
  { shards }: Parked,
  own: Pick<ModeRecord, 'dueEpoch'>,
  now: number,
): readonly ShardSurvey[] => shards.filter((heads) => isDue(heads, own, now));

/** As `surveyParked`, with what is due while the stage's mode is `own`. @throws InfraFault */
export const surveyStage = async (
  deps: Pick<ControlDeps, 'parking' | 'clock'>,
  stage: string,
  own: Pick<ModeRecord, 'dueEpoch'>,
  limit = surveyLimit(),
): Promise<Survey> => {
  const now = deps.clock();
  const parked = await surveyParked(deps, stage, limit);
  return { ...parked, dueShards: dueShards(parked, own, now) };
};
