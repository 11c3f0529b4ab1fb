/** `hold` and `resume`: a person stops a stage, and lets it go on. */
import type { ControlAnswer } from '../../../contract/operations.ts';
import { keepMode } from '../../core/mode/keeper.ts';
import type { ModeEvent } from '../../core/mode/machine.ts';
import type { ModeRecord } from '../../core/mode/record.ts';
import { drainStages } from '../drains.ts';
import { bringMappings } from '../mappings.ts';
import type { ControlDeps } from '../ports.ts';
import { publishFlip } from '../publish.ts';
import { Steps } from '../steps.ts';
import { done, findStage, refuse } from './answer.ts';
import { stageStatus } from './status.ts';

/**
 * Changes the mode, and what follows from it at once. Whatever of that fails is logged, and left to the next minute's
 * run: the operator's wish is stored, and every stage goes by what is stored.
 * @param isGranted whether the stage is now as it was asked to be
 */
const change = async (
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
  if (!isGranted(after)) {
    return refuse(
      `the stored mode of ${id} cannot be read, so nothing is forwarded already; "resume" replaces it`,
    );
  }
  deps.log('warn', `an operator asked to ${event.type} the stage`, { ...event, stage: id });
  const records = await deps.modes.readModes(deps.stages.map((one) => one.id));
  await bringMappings(deps, steps, records);
  await drainStages(deps, steps, records);
  const [system] = records;
  const own = records[deps.stages.indexOf(stage.value)];
  return done<'hold' | 'resume'>(await stageStatus(deps, stage.value, own ?? after, system ?? after));
};

/** @throws InfraFault */
export const hold = (
  deps: ControlDeps,
  { stage, reason }: { readonly stage: string; readonly reason: string },
): Promise<ControlAnswer<'hold'>> => change(deps, stage, { type: 'hold', reason }, ({ held }) => held);

/** @throws InfraFault */
export const resume = (
  deps: ControlDeps,
  { stage }: { readonly stage: string },
): Promise<ControlAnswer<'resume'>> => change(deps, stage, { type: 'resume' }, ({ held }) => !held);
