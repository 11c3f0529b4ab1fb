/** What the ledger keeps of a message between its deliveries, as a function of what it knew and what happened. */
import type { Attempt, Progress } from './ports.ts';

/** Has the message come further? Outputs counted by other code cannot be compared: they do not count as further. */
const isFurther = (now: Progress | undefined, before: Progress | undefined): boolean => {
  if (now === undefined) return false;
  if (before === undefined) return now.events > 0 || now.outputs > 0;
  if (now.events !== before.events) return now.events > before.events;
  return now.codeVersion === before.codeVersion && now.outputs > before.outputs;
};

/** Keeps how far the message has come, without a failure: there was no time left, or AWS failed. */
export const withProgress = (before: Attempt | undefined, progress: Progress): Attempt =>
  before === undefined || isFurther(progress, before.progress)
    ? { failures: 0, progress }
    : { ...before, progress };

/**
 * Counts a failure. They are counted, and timed, for the event at which the message stands: once that one is done, the
 * next event's count and clock begin anew.
 * @param now milliseconds since 1970
 */
export const afterFailure = (
  before: Attempt | undefined,
  failure: { readonly reason: string; readonly progress?: Progress | undefined },
  now: number,
): Attempt => {
  const progress = failure.progress ?? before?.progress;
  const same = isFurther(failure.progress, before?.progress) ? undefined : before;
  return {
    failures: (same?.failures ?? 0) + 1,
    firstFailedAt: same?.firstFailedAt ?? now,
    lastError: failure.reason,
    ...(progress === undefined ? {} : { progress }),
  };
};
