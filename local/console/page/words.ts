/** What the page says, as plain functions of what it was told: no DOM here. Times are milliseconds since 1970. */
import type { CrashKind, LateCrashes, StageStatus } from '../../../config/operations.ts';

/** What a person calls a stage's mode at a glance: a hold is shown before the mode it lies on. */
export type Look = 'normal' | 'degraded' | 'recovering' | 'held';

type Moded = Pick<StageStatus, 'mode' | 'held'>;

export const lookOf = ({ mode, held }: Moded): Look => (held && mode !== 'degraded' ? 'held' : mode);

export const LOOK_NAME: Readonly<Record<Look, string>> = {
  normal: 'Normal',
  degraded: 'Degraded',
  recovering: 'Recovering',
  held: 'Held',
};

/** The mode in words, for a table. */
export const modeName = ({ mode, held }: Moded): string =>
  held && mode === 'degraded' ? 'Degraded, held' : LOOK_NAME[lookOf({ mode, held })];

export interface Headline {
  readonly look: Look;
  readonly sentence: string;
  /** Absent: always, or not known. */
  readonly since?: number;
  readonly reason: string;
  /** What happens next, or what has just been counted. */
  readonly next: string;
}

/**
 * The system's mode in a sentence. It is the router's; when that is normal, destinations that are not are named.
 * @param stages the router's first
 */
export const headline = (stages: readonly StageStatus[], now: number): Headline | undefined => {
  const [router, ...destinations] = stages;
  if (router === undefined) return undefined;
  const look = lookOf(router);
  if (look === 'normal') return normalHeadline(router, destinations);
  const since = router.held ? (router.troubledSince ?? router.since) : router.since;
  return {
    look,
    sentence: `${SENTENCE_START[look]}${router.held && look === 'degraded' ? ' and held' : ''}: ${SENTENCE_END[look]}`,
    ...(since === undefined ? {} : { since }),
    reason: router.reason,
    next: nextOf(router, now),
  };
};

const SENTENCE_START: Readonly<Record<Look, string>> = { ...LOOK_NAME, held: 'Held by a person' };
const KEPT = 'events are received and kept, and nothing is forwarded.';
const SENTENCE_END: Readonly<Record<Look, string>> = {
  normal: 'events are received and forwarded.',
  degraded: KEPT,
  held: KEPT,
  recovering: 'events are being forwarded again, a few at a time.',
};

const SEVERITY: readonly Look[] = ['normal', 'recovering', 'held', 'degraded'];

const normalHeadline = (router: StageStatus, destinations: readonly StageStatus[]): Headline => {
  const troubled = destinations.filter((stage) => lookOf(stage) !== 'normal');
  if (troubled.length === 0) {
    return {
      look: 'normal',
      sentence: `Normal: ${SENTENCE_END.normal}`,
      ...(router.since === undefined ? {} : { since: router.since }),
      reason: '',
      next: router.redrives === 0 ? '' : `${count(router.redrives, 'message')} redriven within the window.`,
    };
  }
  const worst = troubled.reduce<Look>((look, stage) => {
    const own = lookOf(stage);
    return SEVERITY.indexOf(own) > SEVERITY.indexOf(look) ? own : look;
  }, 'normal');
  const sinces = troubled.flatMap(({ since, troubledSince }) => troubledSince ?? since ?? []);
  const names = list(troubled.map((stage) => `${stage.id} (${modeName(stage).toLowerCase()})`));
  return {
    look: worst,
    sentence: `Forwarding, except for ${names}.`,
    ...(sinces.length === 0 ? {} : { since: Math.min(...sinces) }),
    reason: troubled.map(({ id, reason }) => `${id}: ${reason}`).join('\n'),
    next: '',
  };
};

const nextOf = (stage: StageStatus, now: number): string => {
  if (stage.held) return 'It stays so until somebody resumes it.';
  if (stage.mode === 'recovering') return `${count(stage.successes, 'message')} processed since then.`;
  if (stage.pauseUntil === undefined) return '';
  return stage.pauseUntil <= now
    ? 'It tries again as soon as its code answers.'
    : `It tries again ${until(stage.pauseUntil, now)}, or at once when a fix is deployed.`;
};

/** "1 key", "2 keys". */
export const count = (value: number, thing: string, things = `${thing}s`): string =>
  `${number(value)} ${value === 1 ? thing : things}`;

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
export const number = (value: number): string => NUMBER.format(value);

/** "a", "a and b", "a, b and c". */
const list = (names: readonly string[]): string =>
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
