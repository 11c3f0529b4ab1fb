/**
 * Starts a trial in each stage that is degraded and not stopped, in the minute's run: by it a stage finds out within a minute or two
 * that an outage is over, or that a permission has been given. `core/stage/trial.ts` has what a trial does.
 */
import { allDone } from '../core/base/all-done.ts';
import { isBlocked, isUnreadable, type ModeRecord } from '../core/mode/record.ts';
import { namesOf } from './mappings.ts';
import type { ControlDeps, ControlledStage } from './ports.ts';
import { isRouter, type Snapshot } from './snapshot.ts';
import type { Steps } from './steps.ts';

/** Not of a stage whose mode cannot be read: nothing may be forwarded on a guess, and nothing but `resume` ends it. */
const wantsTrial = (own: ModeRecord, system: ModeRecord, isOfRouter: boolean): boolean =>
  own.mode === 'degraded' && !own.held && !isUnreadable(own) && (isOfRouter || !isBlocked([system]));

/** The modes are those after the run's changes: a stage that has left degraded gets none. */
export const startTrials = async (
  deps: ControlDeps,
  steps: Steps,
  { system, stages }: Snapshot,
): Promise<void> => {
  const start = async (stage: ControlledStage): Promise<void> => {
    const { functionName } = await namesOf(deps, stage);
    await deps.functions.startTrial(functionName);
  };
  await allDone(
    stages.map(async ({ stage, record }) => {
      if (!wantsTrial(record, system, isRouter(stage))) return;
      await steps.try('start a trial', () => start(stage), { stage: stage.id });
    }),
  );
};
