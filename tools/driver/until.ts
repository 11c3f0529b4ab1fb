import { setTimeout as sleep } from 'node:timers/promises';

/** A deadline for a hang, not a claim about speed: the machine may be slow, and busy with other things. */
export const DEADLINE_MS = 240_000;

const POLL_MS = 20;

/** The pause after a check is at least this many times as long as the check took: it must not slow down what it waits for. */
const PAUSE = 2;
const MAX_PAUSE_MS = 2_000;

export interface UntilOptions {
  readonly deadlineMs?: number;
  readonly pollMs?: number;
  /** Read when it fails: what a person needs to see why. */
  readonly context?: () => string;
  /** Whether a check that throws is made again: for what is asked of a local run that is busy, or killed. Default: it ends the wait. */
  readonly retriesErrors?: boolean;
}

/**
 * Waits until `check` gives something.
 * @param what completes "timed out waiting for ..."
 * @returns what `check` gave
 * @throws Error whose cause is what the last check threw, if it did
 */
export const until = async <T>(
  what: string,
  check: () => T | Promise<T>,
  {
    deadlineMs = DEADLINE_MS,
    pollMs = POLL_MS,
    context = () => '',
    retriesErrors = false,
  }: UntilOptions = {},
): Promise<NonNullable<T>> => {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    const began = Date.now();
    try {
      const found = await check();
      if (found !== undefined && found !== null && found !== false) return found;
    } catch (error) {
      if (!retriesErrors) throw error;
      cause = error;
    }
    if (Date.now() > deadline)
      throw new Error(`timed out waiting for ${what}\n${context()}`.trimEnd(), { cause });
    await sleep(Math.max(pollMs, Math.min(PAUSE * (Date.now() - began), MAX_PAUSE_MS)));
  }
};
