/** `hold`: an operator stops a stage. */
import { changeByHand } from './change-by-hand.ts';
import { requestSchema, type Command } from './command.ts';
import * as fields from './fields.ts';

export const hold: Command<'hold'> = {
  schema: requestSchema('hold', { stage: fields.stage, reason: fields.reason }),
  run: (deps, { stage, reason: why }) => {
    const reason = deps.by === undefined ? why : `${why} (${deps.by})`;
    return changeByHand(deps, stage, { type: 'hold', reason }, ({ held }) => held);
  },
};
