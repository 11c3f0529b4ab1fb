/** What the page says, as plain functions of what it has read: no DOM here. Times are milliseconds since 1970. */
import type { CrashKind, LateCrashes } from '../../../contract/modes.ts';
import type { NextStep, StageStatus } from '../../../contract/status.ts';

/** A stage's state at a glance. `parked`: it is well, and events of some users are set aside. */
export type Look = 'normal' | 'held' | 'parked' | 'recovering' | 'degraded';

type Moded = Pick<StageStatus, 'mode' | 'held' | 'gauge'>;

/** Normal after a relapse: the incident is not over yet. */
export const isPageOpen = ({ mode, gauge }: Pick<StageStatus, 'mode' | 'gauge'>): boolean =>
  mode === 'normal' && gauge === 1;

/** For the table of stages: a hold is shown before the mode it lies on, and parked keys have a column of their own. */
export const lookOf = (stage: Moded): Exclude<Look, 'parked'> => {
  if (stage.held && stage.mode !== 'degraded') return 'held';
  return isPageOpen(stage) ? 'recovering' : stage.mode;
};

export const LOOK_NAME: Readonly<Record<Look, string>> = {
  normal: 'Normal',
  degraded: 'Degraded',
  recovering: 'Recovering',
  parked: 'Users parked',
  held: 'Held',
};

/** The mode in words, for a table. */
export const modeName = (stage: Moded): string => {
  if (stage.held) return stage.mode === 'degraded' ? 'Degraded, held' : LOOK_NAME.held;
  return isPageOpen(stage) ? 'Normal, page open' : LOOK_NAME[stage.mode];
};

/** A clause as the beginning of a sentence. */
export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** "In 3 min: the pause ends, and recovery starts." */
export const nextText = ({ text, at }: NextStep, now: number): string => {
  if (at === undefined) return `${capital(text)}.`;
  return `${at - now < 1000 ? 'Within a minute' : `In ${span(at - now)}`}: ${text}.`;
};

/** "1 key", "2 keys". */
export const count = (value: number, thing: string, things = `${thing}s`): string =>
  `${number(value)} ${value === 1 ? thing : things}`;

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
export const number = (value: number): string => NUMBER.format(value);

/** "a", "a and b", "a, b and c". */
export const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** A length of time in its two largest units: "2 h 5 min". */
export const span = (ms: number): string => {
  const first = UNITS.findIndex(([size]) => ms >= size);
  const unit = UNITS[first];
  if (unit === undefined) return '0 s';
  const whole = Math.floor(ms / unit[0]);
  const lower = UNITS[first + 1];
  const rest = lower === undefined ? 0 : Math.floor((ms - whole * unit[0]) / lower[0]);
  return rest === 0 || lower === undefined
    ? `${whole} ${unit[1]}`
    : `${whole} ${unit[1]} ${rest} ${lower[1]}`;
};

export const ago = (at: number, now: number): string =>
  now - at < 1000 ? 'just now' : `${span(now - at)} ago`;
export const until = (at: number, now: number): string => (at - now < 1000 ? 'now' : `in ${span(at - now)}`);

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** The time of day, with the day when it is not today's. */
export const clock = (at: number, now: number): string => {
  const day = DAY.format(at);
  return day === DAY.format(now) ? TIME.format(at) : `${day}, ${TIME.format(at)}`;
};

const SIZES = ['bytes', 'KB', 'MB'] as const;
export const bytes = (size: number): string => {
  const power = size < 1024 ? 0 : size < 1024 ** 2 ? 1 : 2;
  return `${number(size / 1024 ** power)} ${SIZES[power]}`;
};

const CRASH_KIND: Readonly<Record<CrashKind, string>> = {
  throw: 'The code threw',
  exit: 'The transform ended its thread (process.exit)',
  timeout: 'The transform took longer than its timeout',
  memory: 'The transform ran out of memory',
  load: 'The code does not load',
  late: 'The transform failed after the event was answered',
  death: 'The function’s process ended',
  'dead letter': 'SQS gave up on the message',
};
const CRASH_WORDS: ReadonlyMap<string, string> = new Map(Object.entries(CRASH_KIND));

/** A kind that a newer version reports is shown as it is. */
export const crashKind = (kind: string): string => CRASH_WORDS.get(kind) ?? kind;

/** "3 late crashes since 12:04:05, the last: 3 min ago". */
export const lateCrashes = ({ count: all, since, last }: LateCrashes, now: number): string =>
  `${count(all, 'late crash', 'late crashes')} since ${clock(since, now)}, the last: ${ago(last.at, now)}`;

/** What an event says as JSON for people. `undefined` is what was not asked for. */
export const pretty = (event: unknown): string => JSON.stringify(event, undefined, 2);
