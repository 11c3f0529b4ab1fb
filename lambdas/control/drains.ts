/** Starts the workers that drain parked keys which are due. */
import { allDone } from '../core/base/all-done.ts';
import { isBlocked } from '../core/mode/record.ts';
import { HEAD_SHARDS } from '../core/stage/parking-port.ts';
import { namesOf } from './mappings.ts';
import { MAX_SUCCESSORS, type DrainWork } from '../core/stage/command.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import type { Snapshot, StageSnapshot } from './snapshot.ts';
import type { Steps } from './steps.ts';
import { dueShards, surveyLimit, surveyParked } from './survey.ts';

/** A shard that has keys which are due. */
export interface DueShard {
  readonly shard: number;
  /** About how many keys it has, due or not. */
  readonly keys: number;
}

/**
 * What each worker goes through. When there are fewer workers than due shards the turn goes round by the minute, so that none waits
 * forever; when there are more, a shard is shared by as many as it has keys.
 */
export const chooseWork = (due: readonly DueShard[], workers: number, now: number): readonly DrainWork[] => {
  const first = (Math.floor(now / 60_000) * workers) % HEAD_SHARDS;
  const turn = ({ shard }: DueShard): number => (shard - first + HEAD_SHARDS) % HEAD_SHARDS;
  const chosen = [...due].sort((a, b) => turn(a) - turn(b)).slice(0, workers);
  let left = workers;
  return chosen.flatMap(({ shard, keys }, i) => {
    const parts = Math.max(1, Math.min(keys, Math.floor(left / (chosen.length - i))));
    left -= parts;
    return parts === 1 ? [{ shard }] : Array.from({ length: parts }, (_, part) => ({ shard, part, parts }));
  });
};

/**
 * A worker too many does no harm, since it can drain only keys whose lease it gets. One that runs out of time starts its successor, until
 * control's next run starts workers again.
 * @throws InfraFault
 */
export const startDrains = async (
  deps: Pick<ControlDeps, 'functions' | 'drainConcurrency' | 'clock' | 'mappings' | 'names' | 'settings'>,
  stage: ControlledStage,
  due: readonly DueShard[],
): Promise<void> => {
  if (due.length === 0) return;
  const { functionName } = await namesOf(deps, stage);
  const now = deps.clock();
  const works = chooseWork(due, stage.drainConcurrency ?? deps.drainConcurrency ?? stage.maxConcurrency, now);
  const until = now + deps.settings.minute;
  await allDone(
    works.map((work) =>
      deps.functions.startDrain(functionName, { ...work, until, successors: MAX_SUCCESSORS }),
    ),
  );
};

/** Milliseconds: some pages of the index, and the starting of workers. */
export const DRAIN_ROOM = 14_000;

/** Starts workers in each stage that may forward and has due keys. */
export const drainStages = async (
  deps: ControlDeps,
  steps: Steps,
  { system, stages }: Snapshot,
): Promise<void> => {
  const limit = surveyLimit();
  const visit = async ({ stage, record, look }: StageSnapshot): Promise<void> => {
    if (isBlocked([record, system])) return;
    const parked = look?.parked ?? (await surveyParked(deps, stage.id, limit));
    await startDrains(deps, stage, dueShards(parked, record, deps.clock()));
  };
  await allDone(
    stages.map((one) =>
      steps.try('start drains', () => visit(one), { stage: one.stage.id, room: DRAIN_ROOM }),
    ),
  );
};
