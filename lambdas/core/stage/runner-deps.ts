/** What the batch runner, the dead-letter intake and the drain are given by the function they run in. */
import type { BackoffLimits } from './backoff.ts';
import type { LastWords } from './last-words.ts';
import type { ModeEvent } from '../mode/machine.ts';
import type { Crash } from '../../../contract/modes.ts';
import type { ModeRecord } from '../mode/record.ts';
import type { Outcome, Process } from './outcome.ts';
import type { ParkingStore } from './parking-port.ts';
import type { Clock, Random } from '../base/clock.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { StageQueue, StateStore } from './ports.ts';
import type { StoredStage } from '../mode/ports.ts';
import type { ProgressNote } from '../mode/progress-note.ts';

export type SetbackStep = 'visibility' | 'delete' | 'ledger' | 'progress' | 'mode' | 'lease' | 'late crashes';

/** What happened, for logs and metrics. Delays are seconds. */
export type RunnerEvent =
  | {
      readonly type: 'refused';
      readonly reason: 'shut' | 'state unreadable' | 'perhaps handed out again';
      readonly messages: number;
      readonly error?: unknown;
    }
  | {
      readonly type: 'retry' | 'fault';
      readonly message: IncomingMessage;
      readonly reason: string;
      readonly delay: number;
    }
  | {
      readonly type: 'crash';
      readonly message: IncomingMessage;
      readonly crash: Crash;
      readonly delay: number;
    }
  | { readonly type: 'stopped'; readonly message: IncomingMessage }
  /** The process before this one died with messages of a batch; `message`: the one that it was at work on, if that is known. */
  | { readonly type: 'died'; readonly messages: number; readonly message?: IncomingMessage }
  /** Its attempts are used up, or SQS gave up on it; it is about to be parked. */
  | { readonly type: 'redriven'; readonly message: IncomingMessage; readonly crash: Crash }
  /** `counted`: as a redrive. */
  | {
      readonly type: 'parked';
      readonly message: IncomingMessage;
      readonly reason: string;
      readonly counted: boolean;
    }
  /** So many messages of a parked key were put through; `emptied`: the key is not parked any more. */
  | {
      readonly type: 'drained';
      readonly key: string;
      readonly messages: number;
      readonly emptied: boolean;
    }
  | {
      readonly type: 'drain failed';
      readonly key: string;
      readonly messageId: string;
      readonly why: 'crash' | 'retry' | 'fault' | 'refused';
      readonly reason: string;
      readonly crash?: Crash;
      /** Milliseconds since 1970. */
      readonly nextAttemptAt: number;
    }
  /** The worker could not go on with its shard. */
  | { readonly type: 'drain stopped'; readonly shard: number; readonly error: unknown }
  /** A message of a degraded stage was tried; `gotThrough`: at least an event of it was delivered, or filtered out. */
  | {
      readonly type: 'tried';
      readonly key: string;
      readonly messageId: string;
      readonly outcome: Outcome['kind'];
      readonly gotThrough: boolean;
      readonly reason?: string;
    }
  /** Trials could not continue. */
  | { readonly type: 'trial stopped'; readonly error: unknown }
  /** Something failed whose failure costs a duplicate or a delay, never an event. */
  | {
      readonly type: 'setback';
      readonly step: SetbackStep;
      readonly error: unknown;
    };

/** Times are milliseconds. */
export interface RunnerSettings {
  /** A message is redriven when so many attempts at it were charged. */
  readonly crashes: number;
  /** See `own-trouble.ts`. */
  readonly ownAfter: number;
  readonly parkAfter: number;
  /** For this long after a failed delivery a filtered event is no progress: see `isInDoubt`. */
  readonly stallAfter: number;
  /** What has been in the queue for so long is parked, since SQS deletes at 14 days. */
  readonly spillAfter: number;
  /** The longest backoff of a parked key. */
  readonly maxDrainBackoff: number;
}

export interface RunnerDeps {
  readonly stage: string;
  /** It is not the router, whose mode is the system's. */
  readonly isDestination: boolean;
  /** Content hash of the stage's code. */
  readonly codeVersion: string;
  readonly state: StateStore;
  readonly parking: ParkingStore;
  readonly queue: StageQueue;
  readonly process: Process;
  readonly lastWords: LastWords;
  /** What this environment remembers between its invocations. */
  readonly progressNote: ProgressNote;
  /** Strongly consistent. @throws InfraFault */
  readonly readModes: () => Promise<StoredStage>;
  /**
   * Lets the stage's mode machine decide on the event, and publishes a change of mode.
   * @returns the record as it is then
   * @throws InfraFault
   */
  readonly note: (event: ModeEvent) => Promise<ModeRecord>;
  readonly clock: Clock;
  readonly random: Random;
  readonly uuid: () => string;
  readonly backoff: BackoffLimits;
  readonly settings: RunnerSettings;
  /** Milliseconds until the function is killed. */
  readonly timeLeft: () => number;
  /**
   * Milliseconds that the longest step of a message can take, with what is written before and after it: an attempt that
   * was charged must have the time to take its charge back. No message is begun with less.
   */
  readonly worstCase: number;
  readonly observe: (event: RunnerEvent) => void;
}
