/**
 * The clocks of the mode machine: how long something has been so, in time that counts. While a stage is stopped all of them stand
 * still; `frozenAt` says since when. When that ends, what they were started by is moved on by the time that they stood.
 *
 * What happened at the same moment as the last progress that is stored counts as later: progress that came after it has ended it when
 * it was reported.
 */
import { isBlocked, type ModeRecord, without } from './record.ts';
import type { Waiting } from '../../../contract/modes.ts';
import type { ModeSettings, Situation } from './transitions.ts';

/** Held, or the system blocks it: whatever its own mode is, nothing is forwarded and its clocks stand still. */
export const isStopped = ({ own, system }: Pick<Situation, 'own' | 'system'>): boolean =>
  own.held || (system !== undefined && isBlocked([system]));

/** Milliseconds since 1970; 0: never. */
export const lastProgress = ({
  progress: { deliveredAt = 0, filteredAt = 0 },
}: Pick<Situation, 'progress'>): number => Math.max(deliveredAt, filteredAt);

/** Anything in the queue, or a parked key that is not in trouble of its own. */
export const isWaiting = ({ messages, keys }: Waiting): boolean => messages > 0 || keys > 0;

/** Milliseconds that a clock of the stage has run since `from`. */
export const elapsed = ({ own: { frozenAt }, now }: Pick<Situation, 'own' | 'now'>, from: number): number =>
  Math.max(0, (frozenAt ?? now) - from);

/** Where a clock began that was started at `from`, as if it had never stood still. */
export const movedOn = ({ own: { frozenAt }, now }: Pick<Situation, 'own' | 'now'>, from: number): number =>
  frozenAt === undefined ? from : from + Math.max(0, now - Math.max(frozenAt, from));

/** Reads the clock of the doubt: it runs only while the stage forwards. */
export const doubtClock = ({
  own: { mode, since, frozenAt },
  now,
}: {
  readonly own: Pick<ModeRecord, 'mode' | 'since' | 'frozenAt'>;
  readonly now: number;
}): number => Math.min(frozenAt ?? now, mode === 'degraded' ? since : now);

/**
 * A delivery has failed since the last one that was made, and that is not long ago, or a parked key waits. What is filtered out then
 * does not show that the door is open. Time in which the stage forwards nothing does not count: nothing could show that it is.
 */
export const isInDoubt = ({
  own,
  progress: { deliveredAt = 0 },
  now,
  settings,
}: Pick<Situation, 'own' | 'progress' | 'now'> & {
  readonly settings: Pick<ModeSettings, 'stallAfter'>;
}): boolean => {
  const { doubtAt, waiting } = own;
  if (doubtAt === undefined || doubtAt < deliveredAt) return false;
  return (
    doubtClock({ own, now }) - doubtAt < settings.stallAfter || (waiting !== undefined && waiting.keys > 0)
  );
};

/** The doubt of a stage that was degraded until now, and what is left of it. */
export const doubtAfter = ({
  own: { doubtAt, since },
  progress: { deliveredAt = 0 },
  now,
}: Situation): Pick<ModeRecord, 'doubtAt'> =>
  doubtAt === undefined || doubtAt < deliveredAt
    ? {}
    : { doubtAt: doubtAt + Math.max(0, now - Math.max(since, doubtAt)) };

/** Brings `frozenAt` in line with whether the stage is stopped. @returns the same object when it is */
export const withClocks = (situation: Situation): ModeRecord => {
  const { own, now } = situation;
  if (isStopped(situation)) return own.frozenAt === undefined ? { ...own, frozenAt: now } : own;
  return own.frozenAt === undefined ? own : thawed(situation, own.frozenAt);
};

const thawed = (situation: Situation, frozenAt: number): ModeRecord => {
  const { own, now, progress } = situation;
  const { failing, rejecting, troubleFrom, doubtAt } = own;
  const since = lastProgress(situation);
  const deliveredAt = progress.deliveredAt ?? 0;
  const moved = (from: number) => movedOn(situation, from);
  // What progress has ended is left out here: it would be later than that progress once it is moved.
  const rest: ModeRecord = {
    ...without(own, 'frozenAt', 'failing', 'rejecting', 'troubleFrom', 'doubtAt'),
    releasedAt: now,
    ...(failing === undefined || failing.since < since
      ? {}
      : { failing: { ...failing, since: moved(failing.since) } }),
    ...(rejecting === undefined || rejecting.since < deliveredAt
      ? {}
      : { rejecting: { ...rejecting, since: moved(rejecting.since) } }),
    ...(troubleFrom === undefined || troubleFrom < since ? {} : { troubleFrom: moved(troubleFrom) }),
  };
  if (own.mode === 'degraded') {
    const pauseUntil = own.pauseUntil + Math.max(0, now - frozenAt);
    return { ...rest, pauseUntil, ...(doubtAt === undefined ? {} : { doubtAt }) };
  }
  const doubt = doubtAt === undefined || doubtAt < deliveredAt ? {} : { doubtAt: moved(doubtAt) };
  return own.mode === 'normal' ? { ...rest, ...doubt } : { ...rest, ...doubt, ...movedWindow(situation) };
};

const movedWindow = (situation: Situation): Partial<ModeRecord> => {
  const { own } = situation;
  const windowFrom = movedOn(situation, own.windowFrom);
  return {
    windowFrom,
    ...(own.attemptedAt === undefined ? {} : { attemptedAt: windowFrom }),
    ...(lastProgress(situation) > own.windowFrom ? { progressInWindow: true } : {}),
  };
};
