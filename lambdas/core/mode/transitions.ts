/** The steps of the mode machine: how a mode is entered, and what follows from where a stage stands. */
import { doubtAfter, isStopped, lastProgress, movedOn, withClocks } from './clocks.ts';
import { type Mode, type ModeRecord, type StageProgress, without } from './record.ts';
import type { Crash, ModeName } from '../../../contract/modes.ts';
import { cut, shorten } from '../base/text.ts';

export { isInDoubt, isStopped, isWaiting, lastProgress } from './clocks.ts';

/** Lengths of time are milliseconds. `config/schema.ts` says what each is for. */
export interface ModeSettings {
  readonly redriveThreshold: number;
  /** Redrives degrade when they are at least this share of what was processed in that time; 0 to 1, 0: always. */
  readonly redriveShare: number;
  readonly window: number;
  readonly pause: number;
  readonly maxPause: number;
  readonly recoverAfter: number;
  readonly breakerFailures: number;
  readonly breakerTime: number;
  readonly stallAfter: number;
  readonly spillAfter: number;
  /** Between two runs of control. */
  readonly minute: number;
}

/** What a decision is made from. */
export interface Situation {
  readonly own: ModeRecord;
  /** The router's mode; undefined for the router itself. */
  readonly system: Mode | undefined;
  /** As it is stored: it may lag behind by a minute, or by a second while the stage is not well. */
  readonly progress: StageProgress;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly settings: ModeSettings;
}

/** After this long in normal, past trouble is forgotten and the pause resets. */
export const WELL_AFTER = 3_600_000;

/** The item is read strongly before every batch, and each 4 KB of it are one unit of DynamoDB's capacity. */
const HISTORY = 10;
const REASON_BYTES = 500;
const HISTORY_REASON_BYTES = 200;
const ERROR_BYTES = 500;
const STACK_BYTES = 2_000;

/** An operator's words, as they are kept. */
export const shortReason = (reason: string): string => shorten(reason, REASON_BYTES);

/** A crash as the mode's item keeps it; the whole of it is with the parked message. */
export const shortCrash = (crash: Crash): Crash => ({
  ...crash,
  error: cut(crash.error, ERROR_BYTES),
  ...(crash.stack === undefined ? {} : { stack: cut(crash.stack, STACK_BYTES) }),
});

/**
 * 1 unless the mode is normal. After a relapse it stays until normal has lasted as long as the pause, so that a stage that is well one
 * minute of eight does not page each time; and if work came in that time, until something got through.
 */
export const gaugeOf = (
  { mode, relapsed, since, pause, proven, waitingSince }: ModeRecord,
  now: number,
): 0 | 1 => {
  if (mode !== 'normal') return 1;
  return relapsed && (now - since < pause || (waitingSince !== undefined && !proven)) ? 1 : 0;
};

const enter = ({ own, now }: Situation, mode: ModeName, reason: string): ModeRecord => {
  const epoch = own.epoch + 1;
  const change = { epoch, mode, at: now, reason: shorten(reason, HISTORY_REASON_BYTES) };
  return {
    ...without(own, 'frozenAt', 'troubleFrom', 'attemptedAt', 'progressInWindow', 'invoked'),
    mode,
    epoch,
    since: now,
    reason: shorten(reason, REASON_BYTES),
    pauseUntil: 0,
    windowFrom: 0,
    proven: false,
    successes: 0,
    history: [...own.history, change].slice(-HISTORY),
  };
};

const isLongNormal = ({ own, now }: Situation): boolean =>
  own.mode === 'normal' && now - own.since >= WELL_AFTER;

/** From normal for an hour the pause is the first; anything sooner is a relapse, and doubles it. */
const nextPause = (situation: Situation): number => {
  const { own, settings } = situation;
  const isFirst = own.pause === 0 || isLongNormal(situation);
  return Math.min(isFirst ? settings.pause : 2 * own.pause, settings.maxPause);
};

const isRelapse = (situation: Situation): boolean => {
  const { own } = situation;
  if (own.mode !== 'normal') return own.relapsed;
  return own.pause > 0 && !isLongNormal(situation);
};

/** @param codeVersion of the invocation that crashed or failed; empty when it is not known */
export const degrade = (situation: Situation, reason: string, codeVersion: string): ModeRecord => {
  const pause = nextPause(situation);
  const { doubtAt } = situation.own;
  return {
    ...enter(situation, 'degraded', reason),
    // Its clock has stood still for as long as the stage has been stopped.
    ...(doubtAt === undefined ? {} : { doubtAt: movedOn(situation, doubtAt) }),
    codeVersion,
    relapsed: isRelapse(situation),
    pause,
    pauseUntil: situation.now + pause,
  };
};

/** Now; or later, if the process that made the last progress has a clock that is ahead: that was not progress of the recovery. */
const afterProgress = (situation: Situation): number => {
  const progressAt = lastProgress(situation);
  return progressAt > situation.now ? progressAt + 1 : situation.now;
};

/**
 * Everything counted before belongs to the trouble that is over, as far as anyone knows; parked keys become due. That the latest probe
 * failed stays known: what began the recovery does not show that the function answers one.
 */
export const recover = (situation: Situation, reason: string): ModeRecord => {
  const own = without(situation.own, 'failing', 'rejecting', 'doubtAt', 'releasedAt');
  const entered = enter({ ...situation, own }, 'recovering', reason);
  return {
    ...entered,
    ...doubtAfter(situation),
    windowFrom: afterProgress(situation),
    redrives: [],
    shares: [],
    deaths: [],
    dueEpoch: entered.epoch,
  };
};

/**
 * Recent redrives and failures are kept: they count towards the threshold as if there had been no change.
 * @param proven something got through since the stage was degraded: else there was nothing to do
 */
export const becomeNormal = (situation: Situation, reason: string, proven: boolean): ModeRecord => ({
  ...enter(situation, 'normal', reason),
  proven,
});

const withTrouble = (situation: Situation): ModeRecord => {
  const { own, now } = situation;
  const { troubledSince, forwardingSince } = own;
  if (own.mode !== 'normal' || isStopped(situation)) {
    if (troubledSince !== undefined && forwardingSince === undefined) return own;
    return without({ ...own, troubledSince: troubledSince ?? now }, 'forwardingSince');
  }
  if (troubledSince === undefined) return own;
  if (forwardingSince === undefined) return { ...own, forwardingSince: now };
  return now - forwardingSince >= WELL_AFTER ? without(own, 'troubledSince', 'forwardingSince') : own;
};

const withSpill = (situation: Situation): ModeRecord => {
  const { own, now, settings } = situation;
  const isBlocked = own.mode === 'degraded' || isStopped(situation);
  const spill =
    isBlocked && own.troubledSince !== undefined && now - own.troubledSince >= settings.spillAfter;
  return spill === own.spill ? own : { ...own, spill };
};

/**
 * Brings the fields that follow from where the stage stands in line with it: `frozenAt`, `troubledSince`,
 * `forwardingSince`, `spill`. Doing it again changes nothing.
 * @returns the same object when they are
 */
export const settle = (situation: Situation): ModeRecord =>
  [withClocks, withTrouble, withSpill].reduce((own, step) => step({ ...situation, own }), situation.own);

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A length of time for people, exactly: "5 minutes", "90 seconds". */
export const inWords = (milliseconds: number): string => {
  const [unit, size] = UNITS.find(([, length]) => milliseconds % length === 0) ?? ['millisecond', 1];
  const n = milliseconds / size;
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
};
