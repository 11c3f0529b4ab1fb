/** The steps of the mode machine: how a mode is entered, and what follows from where a stage stands. */
import { isShut, type Crash, type Mode, type ModeName, type ModeRecord } from './mode.ts';
import { cut } from './text.ts';

/** Lengths of time are milliseconds. `config/schema.ts` says what each is for. */
export interface ModeSettings {
  readonly redriveThreshold: number;
  readonly window: number;
  readonly pause: number;
  readonly maxPause: number;
  readonly recoverAfter: number;
  readonly breakerFailures: number;
  readonly breakerTime: number;
  readonly spillAfter: number;
}

/** What a decision is made from. */
export interface Situation {
  readonly own: ModeRecord;
  /** The router's mode; undefined for the router itself. */
  readonly system: Mode | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly settings: ModeSettings;
}

/** So long in normal, and a stage counts as well again: its trouble is forgotten, and its pauses are short. */
export const WELL_AFTER = 3_600_000;

/** The item is read strongly before every batch, and up to 4 KB of it are one unit of DynamoDB's capacity. */
const HISTORY = 10;
const REASON_BYTES = 500;
const HISTORY_REASON_BYTES = 200;
const ERROR_BYTES = 500;
const STACK_BYTES = 2_000;

type Removable = 'troubledSince' | 'forwardingSince' | 'holdReason' | 'frozenAt' | 'failing';

/** A field that is absent from an item, and one that is undefined, are not the same to the store. */
export const without = (record: ModeRecord, ...names: readonly Removable[]): ModeRecord => {
  const rest = { ...record };
  for (const name of names) Reflect.deleteProperty(rest, name);
  return rest;
};

/** An operator's words, as they are kept. */
export const shortReason = (reason: string): string => cut(reason, REASON_BYTES);

/** A crash as the mode's item keeps it; the whole of it is with the parked message. */
export const shortCrash = (crash: Crash): Crash => ({
  ...crash,
  error: cut(crash.error, ERROR_BYTES),
  ...(crash.stack === undefined ? {} : { stack: cut(crash.stack, STACK_BYTES) }),
});

/** Held, or the system shuts it: whatever its own mode is, nothing is forwarded and its clocks stand still. */
export const isStopped = ({ own, system }: Situation): boolean =>
  own.held || (system !== undefined && isShut([system]));

const enter = ({ own, now }: Situation, mode: ModeName, reason: string): ModeRecord => {
  const epoch = own.epoch + 1;
  const change = { epoch, mode, at: now, reason: cut(reason, HISTORY_REASON_BYTES) };
  return {
    ...without(own, 'frozenAt'),
    mode,
    epoch,
    since: now,
    reason: cut(reason, REASON_BYTES),
    pauseUntil: 0,
    windowFrom: 0,
    successes: 0,
    history: [...own.history, change].slice(-HISTORY),
  };
};

/** From normal for an hour the pause is the first; anything sooner is a relapse, and doubles it. */
const nextPause = ({ own, now, settings: { pause, maxPause } }: Situation): number => {
  const wasWell = own.mode === 'normal' && now - own.since >= WELL_AFTER;
  return Math.min(own.pause === 0 || wasWell ? pause : 2 * own.pause, maxPause);
};

/** @param codeVersion of the invocation that crashed or failed; empty when it is not known */
export const degrade = (situation: Situation, reason: string, codeVersion: string): ModeRecord => {
  const pause = nextPause(situation);
  return {
    ...enter(situation, 'degraded', reason),
    codeVersion,
    pause,
    pauseUntil: situation.now + pause,
  };
};

/** Everything counted before belongs to the trouble that is over, as far as anybody knows; parked keys become due. */
export const recover = (situation: Situation, reason: string): ModeRecord => {
  const entered = enter({ ...situation, own: without(situation.own, 'failing') }, 'recovering', reason);
  return {
    ...entered,
    windowFrom: situation.now,
    redrives: [],
    probeFailures: 0,
    dueEpoch: entered.epoch,
  };
};

/** Recent redrives and failures are kept: they count towards the threshold as if there had been no change. */
export const becomeNormal = (situation: Situation, reason: string): ModeRecord =>
  enter(situation, 'normal', reason);

/** Pause and window stand still while the stage is stopped: `frozenAt` says since when, and the thaw moves them on. */
const withClocks = (situation: Situation): ModeRecord => {
  const { own, now } = situation;
  const frozen = own.mode !== 'normal' && isStopped(situation);
  if (frozen) return own.frozenAt === undefined ? { ...own, frozenAt: now } : own;
  if (own.frozenAt === undefined) return own;
  const stood = Math.max(0, now - own.frozenAt);
  const thawed = without(own, 'frozenAt');
  return own.mode === 'degraded'
    ? { ...thawed, pauseUntil: own.pauseUntil + stood }
    : { ...thawed, windowFrom: own.windowFrom + stood };
};

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
  const shut = own.mode === 'degraded' || isStopped(situation);
  const spill = shut && own.troubledSince !== undefined && now - own.troubledSince >= settings.spillAfter;
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
