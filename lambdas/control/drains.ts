/** Finds parked keys that are due, and starts the workers that drain them. */
import pLimit, { type LimitFunction } from 'p-limit';
import { allDone } from '../core/all-done.ts';
import { isDue } from '../core/drain.ts';
import { isShut, type ModeRecord } from '../core/mode.ts';
import { HEAD_SHARDS, type ParkingStore } from '../core/parking-port.ts';
import { few } from './fan-out.ts';
import { namesOf } from './mappings.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import type { Steps } from './steps.ts';

/** What is parked in a stage, by the index: a moment late. */
export interface Survey {
  readonly keys: number;
  /** Milliseconds since 1970. */
  readonly oldestParkedAt?: number;
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
  readonly oldestParkedAt: number;
  readonly due: boolean;
}

const surveyShard = async (
  parking: ParkingStore,
  stage: string,
  shard: number,
  own: Pick<ModeRecord, 'dueEpoch'>,
  now: number,
): Promise<ShardSurvey> => {
  let [keys, oldestParkedAt, due] = [0, Infinity, false];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const from = cursor === undefined ? {} : { cursor };
    const found = await parking.heads(stage, shard, { limit: PAGE, ...from });
    keys += found.heads.length;
    for (const head of found.heads) {
      oldestParkedAt = Math.min(oldestParkedAt, head.parkedAt);
      due ||= isDue(head, own, now);
    }
    cursor = found.cursor;
    if (cursor === undefined) break;
  }
  return { keys, oldestParkedAt, due };
};

export const surveyLimit = (): LimitFunction => pLimit(CALLS_AT_ONCE);

const SHARDS: readonly number[] = Array.from({ length: HEAD_SHARDS }, (_, shard) => shard);

/**
 * @param limit shared by all surveys that go on at once
 * @throws InfraFault
 */
export const surveyStage = async (
  { parking, clock }: Pick<ControlDeps, 'parking' | 'clock'>,
  stage: string,
  own: Pick<ModeRecord, 'dueEpoch'>,
  limit = surveyLimit(),
): Promise<Survey> => {
  const now = clock();
  const shards = await few(limit, SHARDS, (shard) => surveyShard(parking, stage, shard, own, now));
  const oldestParkedAt = Math.min(...shards.map((shard) => shard.oldestParkedAt));
  return {
    keys: shards.reduce((sum, { keys }) => sum + keys, 0),
    ...(Number.isFinite(oldestParkedAt) ? { oldestParkedAt } : {}),
    dueShards: SHARDS.filter((shard) => shards[shard]?.due),
  };
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
const DRAIN_ROOM = 14_000;

/**
 * Starts workers in each stage that may forward and has due keys.
 * @param records of all stages, in their order
 * @param all also look at stages that are shut
 * @returns by stage id what is parked, of the stages that were looked at without failure
 */
export const drainStages = async (
  deps: ControlDeps,
  steps: Steps,
  records: readonly ModeRecord[],
  { all }: { readonly all: boolean },
): Promise<ReadonlyMap<string, Survey>> => {
  const surveys = new Map<string, Survey>();
  const [system] = records;
  if (system === undefined) return surveys;
  const limit = surveyLimit();
  const visit = async (stage: ControlledStage, own: ModeRecord): Promise<void> => {
    const shut = isShut([own, system]);
    if (shut && !all) return;
    const survey = await surveyStage(deps, stage.id, own, limit);
    surveys.set(stage.id, survey);
    if (!shut) await startDrains(deps, stage, survey.dueShards);
  };
  await allDone(
    deps.stages.map((stage, i) =>
      steps.try('start drains', () => visit(stage, records[i] ?? system), {
        stage: stage.id,
        room: DRAIN_ROOM,
      }),
    ),
  );
  return surveys;
};
