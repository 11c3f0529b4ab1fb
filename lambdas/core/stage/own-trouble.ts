/**
 * Trouble of a key's own: its oldest message fails again and again while the stage gets others through. Then the failures say
 * nothing about the stage, and the key is excused: it is parked, and what it does is no evidence.
 *
 * The head of a key blocks the rest of it. So what the stage got through between two failures of a head was always another key's.
 */
import type { ModeName } from '../../../contract/modes.ts';
import type { ModeRecord } from '../mode/record.ts';
import type { Head } from './parking-port.ts';
import type { Attempt } from './ports.ts';

/** How the reason of a key's head begins while the key is in trouble of its own. The index of heads has no other room for it. */
export const OWN_TROUBLE = 'others get through, this user does not: ';

export const inOwnTrouble = ({ reason }: Pick<Head, 'reason'>): boolean => reason.startsWith(OWN_TROUBLE);

export const asOwnTrouble = (reason: string): string =>
  inOwnTrouble({ reason }) ? reason : `${OWN_TROUBLE}${reason}`;

/** The reason as it was before the key came to be in trouble of its own. */
export const withoutOwnTrouble = (reason: string): string =>
  inOwnTrouble({ reason }) ? reason.slice(OWN_TROUBLE.length) : reason;

export interface OwnTroubleSettings {
  /** Failures, each after others got through, that make the trouble the key's own. */
  readonly ownAfter: number;
  /** Milliseconds: for how long it must have failed besides, unless it crashes. */
  readonly parkAfter: number;
}

/** When an attempt failed, and what had got through until it began; milliseconds since 1970. */
export interface Failed {
  readonly now: number;
  /** The stage's last progress before the attempt began: what the attempt itself got through is not another's. */
  readonly lastProgress: number;
}

type Account = Required<Pick<Attempt, 'firstFailedAt' | 'lastFailedAt' | 'excused'>>;

/** Counts a failure, a crash or a death of the message at the head of its key. Failures of trials are not counted. */
export const accountOf = (before: Attempt | undefined, { now, lastProgress }: Failed): Account => ({
  firstFailedAt: before?.firstFailedAt ?? now,
  lastFailedAt: now,
  excused: excusedOf(before, lastProgress),
});

const excusedOf = (before: Attempt | undefined, lastProgress: number): number => {
  if (before?.lastFailedAt === undefined) return 1;
  const excused = before.excused ?? 0;
  return lastProgress > before.lastFailedAt ? excused + 1 : excused;
};

/** @param hasCrashed its last failure was a crash or a death: then it need not have lasted */
export const isOwnTrouble = (
  { excused = 0, firstFailedAt }: Attempt,
  hasCrashed: boolean,
  record: ModeRecord,
  now: number,
  { ownAfter, parkAfter }: OwnTroubleSettings,
): boolean =>
  excused >= ownAfter &&
  (hasCrashed || (firstFailedAt !== undefined && timeForwarding(record, firstFailedAt, now) >= parkAfter));

/**
 * How long the stage has forwarded (normal or recovering) between two moments, as far as its record knows.
 * @param from milliseconds since 1970, as `until`
 */
export const timeForwarding = ({ history, mode }: ModeRecord, from: number, until: number): number => {
  const [first] = history;
  // Only recovering follows degraded, and nothing else comes before recovering.
  const before: ModeName = first === undefined ? mode : first.mode === 'recovering' ? 'degraded' : 'normal';
  const periods = [{ mode: before, at: -Infinity }, ...history];
  return periods.reduce((sum, period, i) => {
    if (period.mode === 'degraded') return sum;
    const end = Math.min(until, periods[i + 1]?.at ?? Infinity);
    return sum + Math.max(0, end - Math.max(from, period.at));
  }, 0);
};
