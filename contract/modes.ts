/** Words of a stage's state that functions store and operators read. All times are milliseconds since 1970. */

export type ModeName = 'normal' | 'degraded' | 'recovering';

/**
 * How code failed. Of the transform: `throw`: it threw, or returned what is not an event; `exit`: it ended its thread; `timeout`: an
 * event took longer than `transform.timeout`; `memory`: it used more than `transform.memory`; `load`: the module could not be
 * loaded; `late`: something that an event had started failed after the event had been answered. Of the function: `death`: the
 * process ended; `dead letter`: SQS gave up on the message.
 */
export type CrashKind = 'throw' | 'exit' | 'timeout' | 'memory' | 'load' | 'late' | 'death' | 'dead letter';

/** Why a stage's code failed, as far as is known. */
export interface Crash {
  readonly kind: CrashKind;
  readonly error: string;
  readonly stack?: string;
  /** Content hash of the stage's code, configuration left out; empty when it is not known (a function that does not start). */
  readonly codeVersion: string;
  readonly at: number;
  readonly messageId?: string;
  /** The `messageId` of the event at which it failed, where that is known. */
  readonly eventId?: string;
  /** The message's order key. */
  readonly key?: string;
}

/**
 * Failures of what events had started and not awaited, after those events had been answered. They hold up nothing and charge
 * nobody; a record is forgotten a week after its last failure.
 */
export interface LateCrashes {
  readonly count: number;
  /** When the first of them was recorded. */
  readonly since: number;
  readonly last: Crash;
}

/** A key whose messages are sent faster than they are processed. */
export interface HotKey {
  readonly key: string;
  /** About how many messages of it wait in the queue: the rate at which they were sent, times `age`. */
  readonly backlog: number;
  /** How long the latest message that was received of it had waited; milliseconds. */
  readonly age: number;
  /** When that was. */
  readonly at: number;
}

/** The last failure of a kind that is not a crash. */
export interface LastFailure {
  /** As the destination or AWS said it: a status code and the beginning of the answer, or an error's name and message. */
  readonly text: string;
  readonly at: number;
  /** Of the code that saw it. */
  readonly codeVersion: string;
}

/** What a stage has still to process, as control saw it. */
export interface Waiting {
  /** Of its queue: visible, in flight and delayed. */
  readonly messages: number;
  /** Parked keys that are not in trouble of their own. */
  readonly keys: number;
  /** Parked keys in trouble of their own: they failed again and again while others got through. They degrade no stage. */
  readonly own: number;
}

/** For the record. */
export interface ModeChange {
  readonly epoch: number;
  readonly mode: ModeName;
  readonly at: number;
  readonly reason: string;
}
