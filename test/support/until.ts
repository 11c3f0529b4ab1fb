import { setTimeout as sleep } from 'node:timers/promises';

/** A deadline for a hang, not a claim about speed: the machine may be busy with other things. */
export const DEADLINE_MS = 60_000;

const POLL_MS = 20;

/**
 * Waits until `check` gives something.
 * @param what completes "waited in vain for ..."
 * @param context read when it fails: what a person needs to see why
 * @returns what `check` gave
 */
export const until = async <T>(
  what: string,
  check: () => T | Promise<T>,
  {
    deadlineMs = DEADLINE_MS,
    pollMs = POLL_MS,
    context = () => '',
  }: { deadlineMs?: number; pollMs?: number; context?: () => string } = {},
): Promise<NonNullable<T>> => {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}\n${context()}`.trimEnd());
    await sleep(pollMs);
  }
};
