/** The operator's commands: all that the contract has, and no other, or this does not compile. */
import type { Command, CommandName } from './command.ts';
import { canary, canarySet } from './canary.ts';
import { deleteRejected } from './delete-rejected.ts';
import { discard } from './discard.ts';
import { erase } from './erase.ts';
import { find } from './find.ts';
import { hold } from './hold.ts';
import { parked } from './parked.ts';
import { replay } from './replay.ts';
import { rejected } from './rejected.ts';
import { resendRejected } from './resend-rejected.ts';
import { resume } from './resume.ts';
import { retryRejected } from './retry-rejected.ts';
import { retry } from './retry.ts';
import { show } from './show.ts';
import { status } from './status.ts';

/** In the order in which messages to an operator list them. */
export const COMMANDS: { readonly [Name in CommandName]: Command<Name> } = {
  status,
  hold,
  resume,
  parked,
  show,
  retry,
  discard,
  rejected,
  'retry-rejected': retryRejected,
  'resend-rejected': resendRejected,
  'delete-rejected': deleteRejected,
  find,
  erase,
  replay,
  canary,
  'canary-set': canarySet,
};
