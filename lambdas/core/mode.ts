/**
 * A stage's mode, as it is stored: one item per stage. The router's is the system's. A stage is shut while it or the system is
 * degraded or held: it receives, keeps what it has, and forwards nothing. `mode-machine.ts` says how it changes.
 */

export type ModeName = 'normal' | 'degraded' | 'recovering';

export interface Mode {
  readonly mode: ModeName;
  /** A person has stopped the stage, in whatever mode it is. */
  readonly held: boolean;
}

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
  /** Content hash of the stage's code; empty when it is not known (a function that does not start). */
  readonly codeVersion: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly messageId?: string;
  /** The `messageId` of the event at which it failed, where that is known. */
  readonly eventId?: string;
  /** The message's order key. */
  readonly key?: string;
}

/** A change of mode, for the record. */
export interface ModeChange {
  readonly epoch: number;
  readonly mode: ModeName;
  readonly at: number;
  readonly reason: string;
}

/** All times are milliseconds since 1970. */
export interface ModeRecord extends Mode {
  /** Grows by one on every change of mode. What is stamped with another epoch is not counted. */
  readonly epoch: number;
  /** Of the stored item; every write is conditional on it. 0: there is none. -1: there is one, but it cannot be read. */
  readonly rev: number;
  /** When it entered this mode; 0: it has never had another. */
  readonly since: number;
  /** Since when the stage has not been forwarding normally, for any reason. */
  readonly troubledSince?: number;
  /** Since when it has been forwarding in normal; an hour of it clears `troubledSince`. */
  readonly forwardingSince?: number;
  /** Why it has this mode, for people. */
  readonly reason: string;
  /** While held: why, for people. */
  readonly holdReason?: string;
  /** Of the invocation whose crash (or failure) degraded it; empty: not known. */
  readonly codeVersion: string;
  /** Length of the present pause, milliseconds; 0 before the first. */
  readonly pause: number;
  /** Degraded: when it may try again. */
  readonly pauseUntil: number;
  /** Recovering: where its window begins. */
  readonly windowFrom: number;
  /** Since when pause and window stand still, because the stage is held or the system shuts it. */
  readonly frozenAt?: number;
  /** The latest, at most the threshold. */
  readonly redrives: readonly { readonly id: string; readonly at: number }[];
  /** Failed probes in a row. */
  readonly probeFailures: number;
  /** A destination's retryable failures since its last success. `keys`: the first two that failed. */
  readonly failing?: { readonly since: number; readonly count: number; readonly keys: readonly string[] };
  /** Messages processed while recovering. */
  readonly successes: number;
  /** Everything is to be parked, because SQS would delete it before long. */
  readonly spill: boolean;
  /** The epoch in which it last began to recover: parked heads that were last tried before it are due. */
  readonly dueEpoch: number;
  /** The epoch whose change of mode has been published. */
  readonly announced: number;
  readonly lastCrash?: Crash;
  /** The latest changes of mode, the latest last. */
  readonly history: readonly ModeChange[];
}

/** Of a stage of which nothing is stored. */
export const NORMAL: ModeRecord = {
  mode: 'normal',
  held: false,
  epoch: 0,
  rev: 0,
  since: 0,
  reason: '',
  codeVersion: '',
  pause: 0,
  pauseUntil: 0,
  windowFrom: 0,
  redrives: [],
  probeFailures: 0,
  successes: 0,
  spill: false,
  dueEpoch: 0,
  announced: 0,
  history: [],
};

/** Fail safe: what cannot be read as a mode is degraded, so that nothing is forwarded on a guess. `resume` replaces it. */
export const UNREADABLE: ModeRecord = {
  ...NORMAL,
  mode: 'degraded',
  rev: -1,
  reason: 'the stored mode cannot be read',
};

/** What is stored is not a mode: nothing but `resume` may replace it. */
export const isUnreadable = ({ rev }: ModeRecord): boolean => rev === UNREADABLE.rev;

/** @param modes the stage's own and the system's; the stricter holds */
export const isShut = (modes: readonly Mode[]): boolean =>
  modes.some(({ mode, held }) => held || mode === 'degraded');
