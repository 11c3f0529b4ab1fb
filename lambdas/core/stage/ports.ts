/** What the work of a stage asks of the world. `lambdas/aws` has an adapter for each; tests and the simulation have their own. */
import type { HotKeyReport } from './hot-keys.ts';
import type { Crash } from '../../../contract/modes.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { StoredStage } from '../mode/ports.ts';
import type { StageProgress } from '../mode/record.ts';

/** The queue that a stage reads. */
export interface StageQueue {
  /** Takes up to 10 messages off the queue, for a trial. @param seconds that they are hidden @throws InfraFault */
  receive(seconds: number): Promise<readonly IncomingMessage[]>;
  /** Hides messages for a number of seconds from now. @throws InfraFault */
  setVisibility(messages: readonly IncomingMessage[], seconds: number): Promise<void>;
  /** @throws InfraFault */
  delete(message: IncomingMessage): Promise<void>;
}

/**
 * How far a message has come; kept between its attempts. Records of earlier versions count outputs (`outputs`, `codeVersion`) in place
 * of naming them: of those, only `events` is used, and the event in the middle is delivered again.
 */
export interface Progress {
  /** Events of the message that are wholly finished: routed, delivered, filtered or rejected. */
  readonly events: number;
  /**
   * Of the next event, the outputs that are finished: their names (`nameOf` in `outputs.ts`), one behind the other. They are named
   * by id and content, and not counted, because the transform may make others of the event the next time.
   */
  readonly done?: string;
  /**
   * In the router, of the destinations whose queues have taken more of the message than all have: the hashes of the events that they
   * have (`taken.ts`), from the first unfinished one on. They are not sent them again while another's queue cannot be written.
   */
  readonly taken?: Readonly<Record<string, string>>;
}

/** Reports of the keys with a backlog of their own: see `hot-keys.ts`. */
export interface HotKeyStore {
  /** Replaces the reports of the environment that made them. Of two at the same moment one may be lost. @throws InfraFault */
  saveHotKeys(stage: string, reports: readonly HotKeyReport[]): Promise<void>;
  /** By stage. @throws InfraFault */
  readHotKeys(stages: readonly string[]): Promise<ReadonlyMap<string, readonly HotKeyReport[]>>;
}

/** The ledger's record of one message. Absent for a message that succeeds at its first delivery. */
export interface Attempt {
  /** Failed tries in a row at the event where the message stands; the backoff grows with them. */
  readonly failures: number;
  /** When the first of them failed, milliseconds since 1970. Absent when there was none. */
  readonly firstFailedAt?: number;
  /** When it last failed or crashed. */
  readonly lastFailedAt?: number;
  /** Failures and crashes that each came after others had got through since the one before: see `own-trouble.ts`. */
  readonly excused?: number;
  /** What the last of them said. */
  readonly lastError?: string;
  readonly progress?: Progress;
  /** Attempts that were begun, under `stamp`, and and are not known to have ended without a crash. */
  readonly charges?: number;
  /** Mode epoch and code version of the charges. Under another stamp they begin again. */
  readonly stamp?: string;
  /** An attempt has begun, and it is not known how it ended: if the message is delivered again, the process died. */
  readonly begunAt?: number;
  /** The last trial of it that failed. */
  readonly trial?: { readonly epoch: number; readonly at: number };
  /** The last crash that was caught. */
  readonly crash?: Crash;
}

export interface StageState extends StoredStage {
  /** Order keys of those asked for that are parked: their `HEAD` exists. */
  readonly parked: ReadonlySet<string>;
  /** By message id; those asked for that exist. */
  readonly attempts: ReadonlyMap<string, Attempt>;
}

export interface StateStore {
  /** One strongly consistent read of all a batch needs to know. @throws InfraFault; what was not read is never "absent" */
  read(
    stage: string,
    query: { readonly keys: readonly string[]; readonly attemptsOf: readonly string[] },
  ): Promise<StageState>;
  /** @throws InfraFault */
  saveAttempt(stage: string, messageId: string, attempt: Attempt): Promise<void>;
  /** Replaces the fields that are given. @throws InfraFault */
  saveProgress(stage: string, progress: StageProgress): Promise<void>;
}
