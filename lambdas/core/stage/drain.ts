/**
 * Puts parked messages back through the stage, the oldest of a key first, under a lease: `parking.ts` has the steps.
 *
 * A worker (`drainShard`) goes through the due keys of a shard, one after another, until its time is nearly over or the
 * stage is blocked. Workers need not know of each other: the lease lets one at a time work on a key, and while it has it the
 * key is not due.
 */
import { KeyDrain } from './key-drain.ts';
import { KnownMode } from './known-mode.ts';
import type { ModeRecord } from '../mode/record.ts';
import type { Head, HeadSummary } from './parking-port.ts';
import { InfraFault } from '../base/faults.ts';
import type { RunnerDeps, WorkDeps } from './runner-deps.ts';

const PAGE = 100;

/**
 * A key is due when its backoff is over, and immediately when the stage has begun to recover since the key was last tried:
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
export const drainShard = async (shard: number, deps: RunnerDeps): Promise<void> => {
  try {
    const mode = new KnownMode(await deps.mode.readModes(), deps);
    await mode.catchUp();
    // Keys become due while others are drained.
    while (await drainDue(shard, mode, deps));
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    deps.ports.observe({ type: 'drain stopped', shard, error });
  }
};

/** Once through the index. @returns whether to go through it again: keys were due, and the worker need not end */
const drainDue = async (shard: number, mode: KnownMode, deps: RunnerDeps): Promise<boolean> => {
  const { stage, ports, time, settings } = deps;
  let found = false;
  const until = dueUntil(mode.own, time.clock(), settings.maxDrainBackoff);
  const range = until === undefined ? {} : { until };
  let cursor: string | undefined;
  do {
    const page = await ports.parking.heads(stage.name, shard, {
      limit: PAGE,
      ...range,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const summary of page.heads) {
      if (mode.isBlocked || time.timeLeft() < time.worstCase) return false;
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
  { stage, ports, time }: WorkDeps,
): Promise<Head | undefined> => {
  if (!isDue(summary, own, time.clock())) return undefined;
  const head = await ports.parking.readHead(stage.name, summary.key);
  return head !== undefined && isDue(head, own, time.clock()) ? head : undefined;
};
