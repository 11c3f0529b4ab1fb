/**
 * Starts a trial in each stage that is degraded and not stopped, in the minute's run: by it a stage finds out within a minute or two
 * that an outage is over, or that a permission has been given. `core/stage/trial.ts` has what a trial does.
 */
import { allDone } from '../core/base/all-done.ts';
import { isShut, isUnreadable, type ModeRecord } from '../core/mode/record.ts';
import { namesOf } from './mappings.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import type { Steps } from './steps.ts';

/** Not of a stage whose mode cannot be read: nothing may be forwarded on a guess, and nothing but `resume` ends it. */
const wantsTrial = (own: ModeRecord, system: ModeRecord, isRouter: boolean): boolean =>
  own.mode === 'degraded' && !own.held && !isUnreadable(own) && (isRouter || !isShut([system]));

/** @param records of all stages, in their order, as they are after the run's changes: one that has left degraded gets none */
export const startTrials = async (
  deps: ControlDeps,
  steps: Steps,
  records: readonly ModeRecord[],
): Promise<void> => {
  const [system] = records;
  if (system === undefined) return;
  const start = async (stage: ControlledStage): Promise<void> => {
    const { functionName } = await namesOf(deps, stage);
    await deps.functions.startTrial(functionName);
  };
  await allDone(
    deps.stages.map(async (stage, i) => {
      if (!wantsTrial(records[i] ?? system, system, i === 0)) return;
      await steps.try('start a trial', () => start(stage), { stage: stage.id });
    }),
  );
};
