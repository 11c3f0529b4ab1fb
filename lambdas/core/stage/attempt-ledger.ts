/** What the ledger keeps of a message between its deliveries, as a function of what it knew and what happened. */
import type { Crash } from '../../../contract/modes.ts';
import { accountOf, type Failed } from './own-trouble.ts';
import type { Attempt, Progress } from './ports.ts';

/** Has the message come further? Within an event it has when more of its outputs are finished. */
export const isFurther = (now: Progress | undefined, before: Progress | undefined): boolean => {
  if (now === undefined) return false;
  const events = before?.events ?? 0;
  if (now.events !== events) return now.events > events;
  return (now.done ?? '').length > (before?.done ?? '').length;
};

/** The crash account, and the last trial, which failures and progress do not touch. */
const account = ({
  charges,
  stamp,
  crash,
  trial,
}: Attempt): Pick<Attempt, 'charges' | 'stamp' | 'crash' | 'trial'> => ({
  ...(charges === undefined ? {} : { charges }),
  ...(stamp === undefined ? {} : { stamp }),
  ...(crash === undefined ? {} : { crash }),
  ...(trial === undefined ? {} : { trial }),
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
 * next event's count and clock start over.
 */
export const afterFailure = (
  before: Attempt | undefined,
  failure: { readonly reason: string; readonly progress?: Progress | undefined },
  failed: Failed,
): Attempt => {
  const progress = failure.progress ?? before?.progress;
  const same = isFurther(failure.progress, before?.progress) ? undefined : before;
  return {
    failures: (same?.failures ?? 0) + 1,
    ...accountOf(same, failed),
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

/** The mode epoch of a stamp. */
export const epochOf = (stamp: string): number => Number.parseInt(stamp, 10);

/** One more attempt, charged before it begins. @param now when it begins; milliseconds since 1970 */
export const charge = (
  before: Attempt | undefined,
  stamp: string,
  now: number,
): ChargedAttempt & Required<Pick<Attempt, 'begunAt'>> => ({
  failures: 0,
  ...before,
  charges: (before?.stamp === stamp ? (before.charges ?? 0) : 0) + 1,
  stamp,
  begunAt: now,
});

/** An attempt was begun under this stamp, and nothing says how it ended: the process died at it. */
export const hasDied = (attempt: Attempt | undefined, stamp: string): boolean =>
  attempt?.begunAt !== undefined && attempt.stamp === stamp;

/** What is known of how its attempts ended: the one that was begun has ended. */
export const settled = (attempt: Attempt): Attempt => {
  const rest = { ...attempt };
  Reflect.deleteProperty(rest, 'begunAt');
  return rest;
};

/** The process died at it. @param before as it was charged */
export const afterDeath = (before: Attempt | undefined, failed: Failed): Attempt => ({
  ...settled(before ?? { failures: 0 }),
  ...accountOf(before, failed),
});

/** Takes a charge back: the attempt ended, and not by a crash. @param before as it was before the charge */
export const uncharged = (before: Attempt | undefined, progress: Progress | undefined): Attempt =>
  progress === undefined ? (before ?? { failures: 0 }) : withProgress(before, progress);

export const afterCrash = (charged: Attempt, crash: Crash, failed: Failed): Attempt => ({
  ...settled(charged),
  ...accountOf(charged, failed),
  lastError: crash.error,
  crash,
});

/** A trial of it failed: nothing is counted, and what it got through is kept. */
export const afterTrial = (
  before: Attempt | undefined,
  progress: Progress | undefined,
  trial: NonNullable<Attempt['trial']>,
): Attempt => ({ ...uncharged(before, progress), trial });
