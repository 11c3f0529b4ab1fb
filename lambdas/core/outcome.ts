/** What became of one message. The batch runner acts on it. */
import { thrownBy } from './crash.ts';
import { InfraFault, MessageRefused, type Attempt, type IncomingMessage, type Progress } from './ports.ts';
import type { CaughtCrash } from './transform.ts';

export type Outcome =
  /** Everything in it was delivered, filtered or rejected: the message can be deleted. */
  | { readonly kind: 'done' }
  /** There was no time to begin the next step. Nobody's fault: the next delivery continues there. */
  | { readonly kind: 'stopped'; readonly progress?: Progress }
  /** The other side did not take it, and may take it later. `retryAfter`: milliseconds it asked us to wait. */
  | {
      readonly kind: 'retry';
      readonly reason: string;
      readonly retryAfter?: number;
      readonly progress?: Progress;
    }
  /** AWS failed us in the middle. */
  | { readonly kind: 'fault'; readonly reason: string; readonly progress?: Progress }
  /** AWS does not take what is to be stored or sent of it, and will not: see `MessageRefused`. */
  | { readonly kind: 'refused'; readonly reason: string; readonly progress?: Progress }
  /** The user's code failed on it. */
  | { readonly kind: 'crash'; readonly crash: CaughtCrash };

export interface Processing {
  /** What the ledger knows of earlier attempts. */
  readonly attempt: Attempt | undefined;
  /** Milliseconds until the function is killed. */
  readonly timeLeft: () => number;
}

/**
 * A stage's work on one message.
 * @throws InfraFault, MessageRefused; anything else that is thrown is a crash, of our own code
 */
export type Process = (message: IncomingMessage, processing: Processing) => Promise<Outcome>;

/** What became of a message, also if the work on it ended in a throw. */
export const outcomeOf = async (
  process: Process,
  message: IncomingMessage,
  processing: Processing,
): Promise<Outcome> => {
  try {
    return await process(message, processing);
  } catch (error) {
    if (error instanceof InfraFault) return { kind: 'fault', reason: error.message };
    if (error instanceof MessageRefused) return { kind: 'refused', reason: error.message };
    return { kind: 'crash', crash: thrownBy(error) };
  }
};
