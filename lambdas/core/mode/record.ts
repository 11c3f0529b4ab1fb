/**
 * A stage's mode, as it is stored: one item per stage. The router's is the system's. A stage is blocked while it or the system is
 * degraded or held: it receives, keeps what it has, and forwards nothing. `machine.ts` says how it changes.
 */
import type { Crash, LastFailure, ModeChange, ModeName, Waiting } from '../../../contract/modes.ts';

export interface Mode {
  readonly mode: ModeName;
  /** A person has stopped the stage, in whatever mode it is. */
  readonly held: boolean;
}

/**
 * When a stage last made progress: an item apart from the mode's. Milliseconds since 1970. An environment writes it if it is a
 * minute later than what it wrote last, so that it may be a minute late; while the stage is not well, a second.
 */
export interface StageProgress {
  /** At least one event was taken by the destination; in the router, by the queue of every destination that gets it. */
  readonly deliveredAt?: number;
  /** An event was filtered out while the door was not in doubt. */
  readonly filteredAt?: number;
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
  /** Since when all clocks stand still, because the stage is held or the system blocks it. */
  readonly frozenAt?: number;
  /** When it was last released from that, since it was degraded. */
  readonly releasedAt?: number;
  /** The latest, at most the threshold. */
  readonly redrives: readonly { readonly id: string; readonly at: number }[];
  /** Redrives of the window, by the minute, and what the environments that saw them processed in that time. */
  readonly shares: readonly {
    readonly minute: number;
    readonly redriven: number;
    readonly processed: number;
  }[];
  /** When redrives last reached the threshold but were too small a share of what was processed. */
  readonly belowShareAt?: number;
  /** Messages at which the process died, since the last progress; the latest, at most the threshold. */
  readonly deaths: readonly { readonly id: string; readonly at: number }[];
  /** Failed probes in a row, at most two. */
  readonly probeFailures: number;
  /** When the last of them was counted. */
  readonly probeFailedAt?: number;
  /** Failures and rejections since the last progress. `keys`: the first two. */
  readonly failing?: { readonly since: number; readonly count: number; readonly keys: readonly string[] };
  /** Rejections since something was last delivered. */
  readonly rejecting?: { readonly since: number; readonly count: number };
  /** When a delivery last failed; absent when something was delivered since. See `isInDoubt`. */
  readonly doubtAt?: number;
  /** Since when something has been waiting without a break, as control saw it. */
  readonly waitingSince?: number;
  /** Since when nothing has been waiting, as control saw it. */
  readonly quietSince?: number;
  /** What was waiting when control last looked. */
  readonly waiting?: Waiting;
  /** Recovering: progress was made. Normal: it was made since the stage was last degraded, as far as that matters (`gaugeOf`). */
  readonly proven: boolean;
  /** Recovering: progress was made in the present window. */
  readonly progressInWindow?: true;
  /** Recovering: the mapping has invoked the function since control last looked. */
  readonly invoked?: true;
  /** Recovering: messages that made progress, since the last redrive. */
  readonly successes: number;
  /** Recovering: since when there has been trouble without progress. */
  readonly troubleFrom?: number;
  /** Recovering: the last attempt that its window has seen. */
  readonly attemptedAt?: number;
  /** It was degraded again within an hour of normal: see `gaugeOf`. */
  readonly relapsed: boolean;
  /** The code that last answered a probe, and when it did so first. */
  readonly code?: { readonly version: string; readonly since: number };
  /** Everything is to be parked, because SQS would delete it before long. */
  readonly spill: boolean;
  /** The epoch in which it last began to recover: parked heads that were last tried before it are due. */
  readonly dueEpoch: number;
  /** The epoch whose change of mode has been published. */
  readonly announced: number;
  readonly lastCrash?: Crash;
  readonly lastFailure?: LastFailure;
  /** Of AWS: a permission, a resource or a secret that is missing. */
  readonly lastRefusal?: LastFailure;
  readonly lastRejection?: LastFailure;
  /** Of the writes that stored it, the latest last: by this a writer knows its own, also when others have written since. */
  readonly writes?: readonly string[];
  /** The stored item's format, when a later version of Sluice wrote it: it is `UNREADABLE`, and nothing may replace it. Never stored. */
  readonly newer?: number;
  /** The latest changes of mode, the latest last. */
  readonly history: readonly ModeChange[];
}

/** Of a stage without a stored mode. */
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
  shares: [],
  deaths: [],
  probeFailures: 0,
  proven: false,
  successes: 0,
  relapsed: false,
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

/** What is stored is not a mode: nothing but `resume` may replace it, and not even that what a later version wrote. */
export const isUnreadable = ({ rev }: ModeRecord): boolean => rev === UNREADABLE.rev;

/** @param modes the stage's own and the system's; the stricter holds */
export const isBlocked = (modes: readonly Mode[]): boolean =>
  modes.some(({ mode, held }) => held || mode === 'degraded');

type Removable = {
  [Name in keyof ModeRecord]-?: undefined extends ModeRecord[Name] ? Name : never;
}[keyof ModeRecord];

/** A field that is absent from an item, and one that is undefined, are not the same to the store. */
export const without = (record: ModeRecord, ...names: readonly Removable[]): ModeRecord => {
  if (names.every((name) => record[name] === undefined)) return record;
  const rest = { ...record };
  for (const name of names) Reflect.deleteProperty(rest, name);
  return rest;
};

/** @returns the same object when each field is what it was */
export const changed = (record: ModeRecord, fields: Partial<ModeRecord>): ModeRecord =>
  Object.entries(fields).every(([name, value]) => record[name as keyof ModeRecord] === value)
    ? record
    : { ...record, ...fields };
