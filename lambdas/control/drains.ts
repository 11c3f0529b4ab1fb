/** Starts the workers that drain parked keys which are due. */
import { allDone } from '../core/base/all-done.ts';
import { isBlocked } from '../core/mode/record.ts';
import { HEAD_SHARDS } from '../core/stage/parking-port.ts';
import { namesOf } from './mappings.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import type { Snapshot, StageSnapshot } from './snapshot.ts';
import type { Steps } from './steps.ts';
import { dueShards, surveyLimit, surveyParked } from './survey.ts';

/**
 * Which of the due shards get a worker now. When there are fewer workers than shards the turn goes round by the
 * minute, so that none waits forever.
 */
export const chooseShards = (due: readonly number[], workers: number, now: number): readonly number[] => {
  const first = (Math.floor(now / 60_000) * workers) % HEAD_SHARDS;
  const turn = (shard: number): number => (shard - first + HEAD_SHARDS) % HEAD_SHARDS;
  return [...due].sort((a, b) => turn(a) - turn(b)).slice(0, workers);
};

/**
 * A worker too many does no harm, since it can drain only keys whose lease it gets.
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
