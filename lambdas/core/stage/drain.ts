/**
 * Puts parked messages back through the stage, the oldest of a key first, under a lease: `parking.ts` has the steps.
 *
 * A worker (`drainShard`) goes through the due keys of a shard, one after another, until its time is nearly over or the
 * stage is shut. Workers need not know of each other: the lease lets one at a time work on a key, and while it has it the
 * key is not due.
 */
import { KeyDrain, type DrainDeps } from './key-drain.ts';
import { KnownMode } from './known-mode.ts';
import type { ModeRecord } from '../mode/record.ts';
import type { Head, HeadSummary } from './parking-port.ts';
import { InfraFault } from '../base/faults.ts';

export type { DrainDeps } from './key-drain.ts';

const PAGE = 100;

/**
 * A key is due when its backoff is over, and at once when the stage has begun to recover since the key was last tried:
 * its failures say nothing about the stage as it is now.
 * @param now milliseconds since 1970
 */
export const isDue = (
  head: Pick<Head, 'nextAttemptAt' | 'triedEpoch'>,
  { dueEpoch }: Pick<ModeRecord, 'dueEpoch'>,
  now: number,
): boolean => head.nextAttemptAt <= now || head.triedEpoch < dueEpoch;

/**
 * Up to when an index by `nextAttemptAt` is to be read to find all that is due at `now`. A backoff that began before the
 * stage changed its mode is over after the longest backoff; until then a key that is due by its epoch alone may be
 * anywhere in the index.
 * @returns undefined: all of it
 */
export const dueUntil = (
  { dueEpoch, since }: Pick<ModeRecord, 'dueEpoch' | 'since'>,
  now: number,
  maxDrainBackoff: number,
): number | undefined => (dueEpoch > 0 && now - since <= maxDrainBackoff ? undefined : now);

/** A worker's run. What AWS fails to do ends it; what it has not come to waits for the next worker. */
export const drainShard = async (shard: number, deps: DrainDeps): Promise<void> => {
  try {
    const mode = new KnownMode(await deps.readModes(), deps);
    await mode.catchUp();
    // Keys become due while others are drained.
    while (await drainDue(shard, mode, deps));
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    deps.observe({ type: 'drain stopped', shard, error });
  }
};

/** Once through the index. @returns whether to go through it again: keys were due, and the worker need not end */
const drainDue = async (shard: number, mode: KnownMode, deps: DrainDeps): Promise<boolean> => {
  const { stage, parking, clock, settings, timeLeft, worstCase } = deps;
  let found = false;
  const until = dueUntil(mode.own, clock(), settings.maxDrainBackoff);
  const range = until === undefined ? {} : { until };
  let cursor: string | undefined;
  do {
    const page = await parking.heads(stage, shard, {
      limit: PAGE,
      ...range,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const summary of page.heads) {
      if (mode.isShut || timeLeft() < worstCase) return false;
      const head = await dueHead(summary, mode, deps);
      if (head === undefined) continue;
      const result = await new KeyDrain(head, mode, deps).run();
      if (result === 'end') return false;
      if (result === 'worked') found = true;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
};

/** The index lags behind: what it says is due may have been tried, or drained, a moment ago. */
const dueHead = async (
  summary: HeadSummary,
  { own }: KnownMode,
  { stage, parking, clock }: DrainDeps,
): Promise<Head | undefined> => {
  if (!isDue(summary, own, clock())) return undefined;
  const head = await parking.readHead(stage, summary.key);
  return head !== undefined && isDue(head, own, clock()) ? head : undefined;
};
