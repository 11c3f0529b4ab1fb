/** `resume`: an operator lets a stage continue. */
import { changeByHand } from './change-by-hand.ts';
import { requestSchema, type Command } from './command.ts';
import * as fields from './fields.ts';

export const resume: Command<'resume'> = {
  schema: requestSchema('resume', { stage: fields.stage }),
  run: (deps, { stage }) => changeByHand(deps, stage, { type: 'resume' }, ({ held }) => !held),
};
