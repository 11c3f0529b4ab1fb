/** What the ledger keeps of a message between its deliveries, as a function of what it knew and what happened. */
import type { Crash } from './mode.ts';
import type { Attempt, Progress } from './ports.ts';

/** Has the message come further? Within an event it has when more of its outputs are finished. */
export const isFurther = (now: Progress | undefined, before: Progress | undefined): boolean => {
  if (now === undefined) return false;
  const events = before?.events ?? 0;
  if (now.events !== events) return now.events > events;
  return (now.done ?? '').length > (before?.done ?? '').length;
};

/** The crash account, which failures and progress do not touch. */
const account = ({ charges, stamp, crash }: Attempt): Pick<Attempt, 'charges' | 'stamp' | 'crash'> => ({
  ...(charges === undefined ? {} : { charges }),
  ...(stamp === undefined ? {} : { stamp }),
  ...(crash === undefined ? {} : { crash }),
});

/** Keeps how far the message has come, without a failure: there was no time left, or AWS failed. */
export const withProgress = (before: Attempt | undefined, progress: Progress): Attempt => {
  if (before === undefined) return { failures: 0, progress };
  return isFurther(progress, before.progress)
    ? { failures: 0, progress, ...account(before) }
    : { ...before, progress };
};

/**
 * Counts a failure. They are counted, and timed, for the event at which the message stands: once that one is done, the
 * next event's count and clock begin anew.
 * @param now milliseconds since 1970
 */
export const afterFailure = (
  before: Attempt | undefined,
  failure: { readonly reason: string; readonly progress?: Progress | undefined },
  now: number,
): Attempt & Required<Pick<Attempt, 'firstFailedAt'>> => {
  const progress = failure.progress ?? before?.progress;
  const same = isFurther(failure.progress, before?.progress) ? undefined : before;
  return {
    failures: (same?.failures ?? 0) + 1,
    firstFailedAt: same?.firstFailedAt ?? now,
    lastError: failure.reason,
    ...(progress === undefined ? {} : { progress }),
    ...(before === undefined ? {} : account(before)),
  };
};

export type ChargedAttempt = Attempt & Required<Pick<Attempt, 'charges' | 'stamp'>>;

/**
 * Charges count under one mode epoch and one code version: after a fix, or after the stage has recovered, a message has
 * all its attempts again.
 */
export const stampOf = (epoch: number, codeVersion: string): string => `${epoch}:${codeVersion}`;

/** One more attempt, charged before it begins. */
export const charge = (before: Attempt | undefined, stamp: string): ChargedAttempt => ({
  failures: 0,
  ...before,
  charges: (before?.stamp === stamp ? (before.charges ?? 0) : 0) + 1,
  stamp,
});

/** Takes a charge back: the attempt ended, and not by a crash. @param before as it was before the charge */
export const uncharged = (before: Attempt | undefined, progress: Progress | undefined): Attempt =>
  progress === undefined ? (before ?? { failures: 0 }) : withProgress(before, progress);

export const afterCrash = <A extends Attempt>(charged: A, crash: Crash): A => ({
  ...charged,
  lastError: crash.error,
  crash,
});
