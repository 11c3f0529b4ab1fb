/** What `hold` and `resume` share: an operator changes a stage's mode. */
import type { ControlAnswer } from '../../../contract/operations.ts';
import { keepMode } from '../../core/mode/keeper.ts';
import type { ModeEvent } from '../../core/mode/machine.ts';
import type { ModeRecord } from '../../core/mode/record.ts';
import { drainStages } from '../drains.ts';
import { bringMappings } from '../mappings.ts';
import type { ControlDeps } from '../ports.ts';
import { publishFlip } from '../publish.ts';
import { readSnapshot } from '../snapshot.ts';
import { Steps } from '../steps.ts';
import { done, findStage, refuse } from './answer.ts';
import { stageStatus } from './status.ts';

/**
 * Changes the mode, and immediately what follows from it. Whatever of that fails is logged, and left to the next minute's
 * run: the operator's wish is stored, and every stage goes by what is stored.
 * @param isGranted whether the stage is now as it was asked to be
 * @throws InfraFault
 */
export const changeByHand = async (
  deps: ControlDeps,
  id: string,
  event: Extract<ModeEvent, { type: 'hold' | 'resume' }>,
  isGranted: (record: ModeRecord) => boolean,
): Promise<ControlAnswer<'hold' | 'resume'>> => {
  const stage = findStage(deps, id);
  if (!stage.ok) return stage;
  const at = deps.clock();
  const steps = new Steps(deps);
  const after = await keepMode(deps, id, event, (changed) => publishFlip(deps, steps, id, changed.after, at));
  if (after.newer !== undefined)
    return refuse(`${id}: ${after.reason}; until then nothing is forwarded, and no command changes that`);
  if (!isGranted(after)) {
    return refuse(
      `the stored mode of ${id} cannot be read, so nothing is forwarded already; "resume" replaces it`,
    );
  }
  deps.log('warn', `an operator asked to ${event.type} the stage`, { ...event, stage: id });
  const snapshot = await readSnapshot(deps);
  await bringMappings(deps, steps, snapshot);
  await drainStages(deps, steps, snapshot);
  const { record = after } = snapshot.stages.find((one) => one.stage === stage.value) ?? {};
  return done<'hold' | 'resume'>(await stageStatus(deps, { stage: stage.value, record }, snapshot.system));
};
