/** Finds parked keys that are due, and starts the workers that drain them. */
import pLimit, { type LimitFunction } from 'p-limit';
import { allDone } from '../core/base/all-done.ts';
import { isShut, type ModeRecord } from '../core/mode/record.ts';
import { isDue } from '../core/stage/drain.ts';
import { inOwnTrouble } from '../core/stage/own-trouble.ts';
import { HEAD_SHARDS, type ParkingStore } from '../core/stage/parking-port.ts';
import { few } from './fan-out.ts';
import { namesOf } from './mappings.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import type { Steps } from './steps.ts';

/** What is parked in a stage, by the index: a moment late. */
export interface Parked {
  /** Those in trouble of their own among them. */
  readonly keys: number;
  /** Keys in trouble of their own: see `own-trouble.ts`. */
  readonly own: number;
  /** Milliseconds since 1970. */
  readonly oldestParkedAt?: number;
  readonly shards: readonly ShardSurvey[];
}

export interface Survey extends Parked {
  /** Shards that have a head which is due. */
  readonly dueShards: readonly number[];
}

const PAGE = 500;

/** Of a shard. What lies beyond is not counted: 50,000 keys of a stage are trouble enough to be seen. */
const MAX_PAGES = 10;

/** Queries beside one another, over all stages. */
const CALLS_AT_ONCE = 20;

interface ShardSurvey {
  readonly keys: number;
  readonly own: number;
  readonly oldestParkedAt: number;
  /** The least `nextAttemptAt` and the least `triedEpoch` of its heads: by these it is known whether one is due. */
  readonly nextAttemptAt: number;
  readonly triedEpoch: number;
}

const surveyShard = async (parking: ParkingStore, stage: string, shard: number): Promise<ShardSurvey> => {
  let [keys, own, oldestParkedAt] = [0, 0, Infinity];
  let [nextAttemptAt, triedEpoch] = [Infinity, Infinity];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const from = cursor === undefined ? {} : { cursor };
    const found = await parking.heads(stage, shard, { limit: PAGE, ...from });
    keys += found.heads.length;
    for (const head of found.heads) {
      if (inOwnTrouble(head)) own += 1;
      oldestParkedAt = Math.min(oldestParkedAt, head.parkedAt);
      nextAttemptAt = Math.min(nextAttemptAt, head.nextAttemptAt);
      triedEpoch = Math.min(triedEpoch, head.triedEpoch);
    }
    cursor = found.cursor;
    if (cursor === undefined) break;
  }
  return { keys, own, oldestParkedAt, nextAttemptAt, triedEpoch };
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
    ...(Number.isFinite(oldestParkedAt) ? { oldestParkedAt } : {}),
    shards,
  };
};

/** Shards that have a head which is due, in trouble of its own or not. */
const dueShards = ({ shards }: Parked, own: Pick<ModeRecord, 'dueEpoch'>, now: number): readonly number[] =>
  SHARDS.filter((shard) => {
    const heads = shards[shard];
    return heads !== undefined && isDue(heads, own, now);
  });

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

/**
 * Which of the due shards get a worker now. When there are fewer workers than shards the turn goes round by the
 * minute, so that none waits for ever.
 */
export const chooseShards = (due: readonly number[], workers: number, now: number): readonly number[] => {
  const first = (Math.floor(now / 60_000) * workers) % HEAD_SHARDS;
  const turn = (shard: number): number => (shard - first + HEAD_SHARDS) % HEAD_SHARDS;
  return [...due].sort((a, b) => turn(a) - turn(b)).slice(0, workers);
};

/**
 * A worker too many does no harm, since it can drain only keys of which it gets the lease.
 * @throws InfraFault
 */
export const startDrains = async (
  deps: Pick<ControlDeps, 'functions' | 'drainConcurrency' | 'clock' | 'mappings' | 'names'>,
  stage: ControlledStage,
  due: readonly number[],
): Promise<void> => {
  if (due.length === 0) return;
  const { functionName } = await namesOf(deps, stage);
  const shards = chooseShards(due, deps.drainConcurrency, deps.clock());
  await allDone(shards.map((shard) => deps.functions.startDrain(functionName, shard)));
};

/** Milliseconds: some pages of the index, and the starting of workers. */
export const DRAIN_ROOM = 14_000;

/**
 * Starts workers in each stage that may forward and has due keys.
 * @param records of all stages, in their order
 * @param known by stage id what is parked, where that was looked at already
 */
export const drainStages = async (
  deps: ControlDeps,
  steps: Steps,
  records: readonly ModeRecord[],
  known: ReadonlyMap<string, Parked> = new Map(),
): Promise<void> => {
  const [system] = records;
  if (system === undefined) return;
  const limit = surveyLimit();
  const visit = async (stage: ControlledStage, own: ModeRecord): Promise<void> => {
    if (isShut([own, system])) return;
    const parked = known.get(stage.id) ?? (await surveyParked(deps, stage.id, limit));
    await startDrains(deps, stage, dueShards(parked, own, deps.clock()));
  };
  await allDone(
    deps.stages.map((stage, i) =>
      steps.try('start drains', () => visit(stage, records[i] ?? system), {
        stage: stage.id,
        room: DRAIN_ROOM,
      }),
    ),
  );
};
