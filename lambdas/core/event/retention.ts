/**
 * How long records of rejected and discarded events are kept, where a configuration has a retention. The rule: **a record is deleted when
 * its time is over, and either warnings were published for the whole warning period before, or an operator has seen it a day ago**. A
 * warning is published while there is a record in its warning period that nobody has seen. All times are milliseconds; those of a clock
 * are since 1970.
 */
import { lastWarningOf, warningOf } from '../../../contract/retention.ts';
import type { Rejection } from './ports.ts';
import { placeOf } from './rejection.ts';

const DAY = 24 * 3_600_000;

/** Between two looks at all records of a stage. */
export const sweepInterval = (retention: number): number =>
  Math.min(DAY / 4, Math.floor(warningOf(retention) / 24));

/** From when on a record is looked for: earlier than it is warned of, so that the warning rings for the whole period although looks are apart. */
const noticeOf = (retention: number): number => warningOf(retention) + 2 * sweepInterval(retention);

/** Who sees a record whose time is over already, because a retention is new, has this long to send it again. */
const GRACE = DAY;

/** An operator has listed what lies up to `place` (see `placeOf`) and was recorded up to `at`. */
export interface SeenMark {
  readonly place: string;
  readonly at: number;
}

/** What operators have listed of a stage's records. */
export interface SeenRecords {
  /** None of them says less than another: who lists the first page only, later, has seen newer records, and fewer places. */
  readonly marks: readonly SeenMark[];
  /** When the last of them was made. */
  readonly markedAt: number;
}

export const NOTHING_SEEN: SeenRecords = { marks: [], markedAt: 0 };

/** Behind every place: a list that was read to its end. */
export const END_OF_LIST = '~';

/** What is forgotten beyond, nobody has seen: there is a warning then that there need not be. */
const MAX_MARKS = 8;

/**
 * A function takes the time of a record before it writes it. A list that was read in between had no such record: marks are this much
 * earlier than the list, as long as a function may run.
 */
const SETTLED = 15 * 60_000;

/** By their bytes: JavaScript's own comparison differs beyond the basic plane. */
const isBehind = (place: string, other: string): boolean =>
  Buffer.compare(Buffer.from(place), Buffer.from(other)) > 0;

const includes = (mark: SeenMark, place: string, at: number): boolean =>
  !isBehind(place, mark.place) && at <= mark.at;

type Dated = Pick<Rejection, 'receivedAt' | 'id' | 'at'>;

/** @returns when an operator saw it, as far as is known; undefined: nobody has */
export const seenAt = ({ marks }: SeenRecords, record: Dated): number | undefined => {
  const place = placeOf(record);
  const times = marks.filter((mark) => includes(mark, place, record.at)).map(({ at }) => at + SETTLED);
  return times.length === 0 ? undefined : Math.min(...times);
};

/**
 * After an operator has listed a stage from its beginning.
 * @param place up to which @param since when the list was begun
 * @returns the same when it says nothing new
 */
export const withSeen = (seen: SeenRecords, place: string, since: number, now: number): SeenRecords => {
  const mark = { place, at: since - SETTLED };
  if (seen.marks.some((other) => includes(other, mark.place, mark.at))) return seen;
  const others = seen.marks.filter((other) => !includes(mark, other.place, other.at));
  return { marks: [...others, mark].slice(-MAX_MARKS), markedAt: now };
};

/** What a look at records found: those that will be deleted within the warning period, or as soon as the warning has rung for long enough. */
export interface Expiring {
  readonly records: number;
  /** Of them: that nobody has seen ... */
  readonly unseen: number;
  /** ... and that will be deleted within the last part of the period. */
  readonly soon: number;
  /** When the first of them is deleted. Absent: there is none. */
  readonly next?: number | undefined;
}

export const NONE_EXPIRING: Expiring = { records: 0, unseen: 0, soon: 0 };

/** How far control has come with a stage's records. It looks at them page by page, over several runs where they are many. */
export interface Sweep {
  /** The retention that it goes by. */
  readonly retention: number;
  /** Since when warnings are published without a pause. */
  readonly warnedSince: number;
  /** When it last looked at a page. */
  readonly at: number;
  /** When it was last through, and what it found. */
  readonly endedAt: number;
  readonly found: Expiring;
  /** Of the look that is under way: what it has found, and where it continues. */
  readonly under?: { readonly found: Expiring; readonly cursor: string } | undefined;
}

/** A pause of the warnings up to this length is none: an alarm that rang before will soon ring again. */
const longestPause = (retention: number): number => 3 * sweepInterval(retention);

/** @returns undefined when there is nothing yet to go by: warnings begin now */
export const continued = (sweep: Sweep | undefined, retention: number, now: number): Sweep | undefined =>
  sweep?.retention === retention && now - sweep.at <= longestPause(retention) ? sweep : undefined;

/**
 * Whether it is time to look at a stage's records. Not whenever a record's time is over: where records are written each minute, one is over
 * each minute, and a look reads all of the last week's.
 */
export const isSweepDue = (
  sweep: Sweep | undefined,
  {
    retention,
    now,
    markedAt,
  }: { readonly retention: number; readonly now: number; readonly markedAt: number },
): boolean => {
  if (sweep === undefined || sweep.under !== undefined || sweep.retention !== retention) return true;
  // Who has just looked wants the warning to end.
  if (sweep.found.unseen > 0 && markedAt >= sweep.endedAt) return true;
  return now - sweep.endedAt >= sweepInterval(retention);
};

export type Fate =
  /** Its time is far away. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'expiring'; readonly at: number; readonly isSeen: boolean; readonly isSoon: boolean }
  | { readonly kind: 'over'; readonly isSeen: boolean };

/** What a record's fate depends on. */
export interface Situation {
  readonly retention: number;
  readonly seen: SeenRecords;
  readonly warnedSince: number;
  readonly now: number;
}

export const fateOf = (record: Dated, { retention, seen, warnedSince, now }: Situation): Fate => {
  const notice = noticeOf(retention);
  const end = record.at + retention;
  // A record whose time cannot be read is kept.
  if (!(now >= end - notice)) return { kind: 'kept' };
  const saw = seenAt(seen, record);
  const warned = warnedSince + notice;
  const at = Math.max(end, saw === undefined ? warned : Math.min(warned, saw + GRACE));
  const isSeen = saw !== undefined;
  if (now >= at) return { kind: 'over', isSeen };
  return { kind: 'expiring', at, isSeen, isSoon: !isSeen && now >= at - lastWarningOf(retention) };
};

export const withFate = (found: Expiring, fate: Fate): Expiring =>
  fate.kind === 'expiring'
    ? {
        records: found.records + 1,
        unseen: found.unseen + (fate.isSeen ? 0 : 1),
        soon: found.soon + (fate.isSoon ? 1 : 0),
        next: Math.min(found.next ?? Infinity, fate.at),
      }
    : found;

/** What is known of a stage: all of the last look, or more where the one under way has found more. */
export const knownOf = ({ found, under }: Pick<Sweep, 'found' | 'under'>): Expiring =>
  under === undefined || under.found.records <= found.records ? found : under.found;

/** Of accepted events, all that may be in their warning period or beyond were accepted before this. */
export const mayExpireBefore = (retention: number, now: number): string =>
  new Date(now - retention + noticeOf(retention)).toISOString();
