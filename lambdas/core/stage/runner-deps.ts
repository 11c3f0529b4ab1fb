/** What the batch runner, the dead-letter consumer, the drain and the trials are given by the function they run in. */
import type { BackoffLimits } from './backoff.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { LastWords } from './last-words.ts';
import type { ModeEvent } from '../mode/machine.ts';
import type { ModeRecord } from '../mode/record.ts';
import type { Process } from './outcome.ts';
import type { ParkingStore } from './parking-port.ts';
import type { Clock, Random } from '../base/clock.ts';
import type { StageQueue, StateStore } from './ports.ts';
import type { Observe } from './runner-events.ts';
import type { StoredStage } from '../mode/ports.ts';
import type { ProgressNote } from '../mode/progress-note.ts';

export interface RunnerStage {
  readonly name: string;
  /** It is not the router, whose mode is the system's. */
  readonly isDestination: boolean;
  /** Content hash of the stage's code. */
  readonly codeVersion: string;
}

/** The world around the stage. */
export interface RunnerPorts {
  readonly state: StateStore;
  readonly parking: ParkingStore;
  /** In the dead-letter consumer: the dead-letter queue. */
  readonly queue: StageQueue;
  readonly process: Process;
  readonly lastWords: LastWords;
  /** Of the messages of one key in a batch: see `crowding.ts`. */
  readonly hidesOthers: (messages: readonly IncomingMessage[]) => boolean;
  readonly uuid: () => string;
  readonly observe: Observe;
}

/** How the stage's mode is read, and what decides on it. */
export interface RunnerMode {
  /** Strongly consistent. @throws InfraFault */
  readonly readModes: () => Promise<StoredStage>;
  /**
   * Lets the stage's mode machine decide on the event, and publishes a change of mode.
   * @returns the record as it is then
   * @throws InfraFault
   */
  readonly note: (event: ModeEvent) => Promise<ModeRecord>;
  /** What this environment remembers between its invocations. */
  readonly progressNote: ProgressNote;
}

/** The time that an invocation has, and how long what failed waits. Milliseconds. */
export interface RunnerTime {
  readonly clock: Clock;
  /** Until the function is killed. */
  readonly timeLeft: () => number;
  /**
   * What the longest step of a message can take, with what is written before and after it: an attempt that was charged
   * must have the time to take its charge back. No message is begun with less.
   */
  readonly worstCase: number;
  /** How long a function of the stage can run at most. */
  readonly functionTime: number;
  /** Of a lease on a parked key: longer than the function's timeout, by more than a call of AWS may take to land. */
  readonly leaseTime: number;
  readonly backoff: BackoffLimits;
  /** Spreads the waits. */
  readonly random: Random;
}

/** Times are milliseconds. */
export interface RunnerSettings {
  /** A message is redriven when this many attempts at it were charged. */
  readonly crashes: number;
  /** See `own-trouble.ts`. */
  readonly ownAfter: number;
  readonly parkAfter: number;
  /** For this long after a failed delivery a filtered event is no progress: see `isInDoubt`. */
  readonly stallAfter: number;
  /** What has been in the queue for this long is parked, since SQS deletes at 14 days. */
  readonly spillAfter: number;
  /** The longest backoff of a parked key. */
  readonly maxDrainBackoff: number;
}

/** A module takes the groups that it works with. */
export interface RunnerDeps {
  readonly stage: RunnerStage;
  readonly ports: RunnerPorts;
  readonly mode: RunnerMode;
  readonly time: RunnerTime;
  readonly settings: RunnerSettings;
}

/** For modules that work on messages: `KnownMode` alone gives them the stage's mode. */
export type WorkDeps = Omit<RunnerDeps, 'mode'>;
