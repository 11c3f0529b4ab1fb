/** What became of one message. The batch runner acts on it. */
import { thrownBy } from './crash.ts';
import { AccessFault, InfraFault, MessageRefused } from '../base/faults.ts';
import type { Attempt, Progress } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { newerReason } from '../base/newer.ts';
import { newerEnvelope } from '../event/envelope.ts';
import type { CaughtCrash } from '../event/transform.ts';

/** What an attempt has shown of the stage, whatever became of the message: numbers of events. */
export interface Shown {
  /** Taken by the destination; in the router, by the queue of every destination that gets them. */
  readonly delivered: number;
  readonly filtered: number;
  readonly rejected: number;
  /** Why the last of those was rejected. */
  readonly rejection?: string;
}

/** Of an attempt that ended before any event was finished, or of a message that has none. */
export const NOTHING_SHOWN: Shown = { delivered: 0, filtered: 0, rejected: 0 };

export type Outcome =
  /** Everything in it was delivered, filtered or rejected: the message can be deleted. */
  (
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
    /** AWS failed us in the middle. `access`: an `AccessFault`. */
    | {
        readonly kind: 'fault';
        readonly reason: string;
        readonly progress?: Progress;
        readonly access?: true;
      }
    /** AWS does not take what is to be stored or sent of it, and will not: see `MessageRefused`. */
    | { readonly kind: 'refused'; readonly reason: string; readonly progress?: Progress }
    /** The user's code failed on it. */
    | { readonly kind: 'crash'; readonly crash: CaughtCrash }
  ) & { readonly shown?: Shown };

export interface Processing {
  /** What the ledger knows of earlier attempts. */
  readonly attempt: Attempt | undefined;
  /**
   * It is a trial of a degraded stage: an event that would be rejected is a failure, and the message stays as it is; of several, what
   * was delivered by then counts.
   */
  readonly isTrial: boolean;
  /** Its key is in trouble of its own: only then an event is given up at a closed door. */
  readonly inOwnTrouble: boolean;
  /** Milliseconds until the function is killed. */
  readonly timeLeft: () => number;
}

/**
 * A stage's work on one message.
 * @throws InfraFault, MessageRefused while nothing has been shown; anything else that is thrown is a crash, of our own code
 */
export interface Process {
  (message: IncomingMessage, processing: Processing): Promise<Outcome>;
  /** Not there: it would save nothing. */
  readonly unit?: ProcessUnit;
  /**
   * Several messages of a key that were done may be done once more, in order and to the last of them: what is behind it takes each message
   * once. Then a key's messages are deleted together: see "Deleted together" in `docs/parking.md`.
   */
  readonly isRepeatable?: true;
}

/**
 * The same on messages of a key that follow one another, as one: see "Units" in `parking.ts`. It may leave out later ones.
 * @param processing `attempt`: of the first; the others have none
 * @returns what became of each, in order, up to the first that is not done; at least one
 * @throws as `Process`, of the first message
 */
export type ProcessUnit = (
  messages: readonly IncomingMessage[],
  processing: Processing,
) => Promise<readonly Outcome[]>;

/** What became of a message, from what the work on it threw. */
export const endedBy = (error: unknown): Extract<Outcome, { kind: 'fault' | 'refused' | 'crash' }> => {
  if (error instanceof AccessFault) return { kind: 'fault', reason: error.message, access: true };
  if (error instanceof InfraFault) return { kind: 'fault', reason: error.message };
  if (error instanceof MessageRefused) return { kind: 'refused', reason: error.message };
  return { kind: 'crash', crash: thrownBy(error) };
};

/**
 * In a trial nothing is given up: what would be rejected stays where it is.
 * @param reason why the event would be rejected
 */
export const triedInVain = (reason: string): { readonly kind: 'retry'; readonly reason: string } => ({
  kind: 'retry',
  reason: `rejected: ${reason}`,
});

/**
 * A message that this version cannot read, because a later one wrote it, is not rejected: it waits for that version, and its user's later
 * messages wait behind it. Where everything is such a message, the stage is degraded, and says why.
 */
export const leftForLater = (
  body: string,
): { readonly kind: 'retry'; readonly reason: string; readonly shown: Shown } | undefined => {
  const format = newerEnvelope(body);
  return format === undefined
    ? undefined
    : { kind: 'retry', reason: newerReason('envelope', format), shown: NOTHING_SHOWN };
};

/** What became of a message, also if the work on it ended in a throw: by then nothing had been shown. */
export const outcomeOf = async (
  process: Process,
  message: IncomingMessage,
  processing: Processing,
): Promise<Outcome> => {
  try {
    return await process(message, processing);
  } catch (error) {
    return { ...endedBy(error), shown: NOTHING_SHOWN };
  }
};

/** The same of several. */
export const unitOutcomes = async (
  unit: ProcessUnit,
  messages: readonly IncomingMessage[],
  processing: Processing,
): Promise<readonly Outcome[]> => {
  try {
    return await unit(messages, processing);
  } catch (error) {
    return [{ ...endedBy(error), shown: NOTHING_SHOWN }];
  }
};
