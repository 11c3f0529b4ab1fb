/** What became of one message. The batch runner acts on it; a throw that is not an `InfraFault` is a crash. */
import type { Attempt, IncomingMessage, Progress } from './ports.ts';

export type Outcome =
  /** Everything in it was delivered, filtered or rejected: the message can be deleted. */
  | { readonly kind: 'done' }
  /** There was no time to begin the next step. Nobody's fault: it goes on at the next delivery. */
  | { readonly kind: 'stopped'; readonly progress?: Progress }
  /** The other side did not take it, and may take it later. `retryAfter`: milliseconds it asked us to wait. */
  | {
      readonly kind: 'retry';
      readonly reason: string;
      readonly retryAfter?: number;
      readonly progress?: Progress;
    }
  /** AWS failed us in the middle. */
  | { readonly kind: 'fault'; readonly reason: string; readonly progress?: Progress };

export interface Processing {
  /** What the ledger knows of earlier attempts. */
  readonly attempt: Attempt | undefined;
  /** Milliseconds until the function is killed. */
  readonly timeLeft: () => number;
}

/**
 * A stage's work on one message.
 * @throws InfraFault; anything else that is thrown is a crash
 */
export type Process = (message: IncomingMessage, processing: Processing) => Promise<Outcome>;
