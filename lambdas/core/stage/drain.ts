/**
 * Puts parked messages back through the stage, the oldest of a key first, under a lease: `parking.ts` has the steps.
 *
 * A worker (`drain`) goes through the due keys of a shard, or of a part of it, one after another, until its time is nearly over or the
 * stage is blocked. Workers need not know of each other: the lease lets one at a time work on a key, and while it has it the
 * key is not due.
 */
import { KeyDrain } from './key-drain.ts';
import { KnownMode } from './known-mode.ts';
import type { ModeRecord } from '../mode/record.ts';
import type { Head, HeadSummary } from './parking-port.ts';
import { partOf } from './parking.ts';
import { InfraFault } from '../base/faults.ts';
import type { DrainWork } from './command.ts';
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

/**
 * A worker's run. What AWS fails to do ends it; what it has not come to waits for the next worker.
 * @returns whether its time ended it, although the stage forwards: a successor may continue. No lease of this one is left.
 */
export const drain = async (work: DrainWork, deps: RunnerDeps): Promise<boolean> => {
  try {
    const mode = new KnownMode(await deps.mode.readModes(), deps);
    await mode.catchUp();
    let end: End;
    // Keys become due while others are drained.
    do end = await drainDue(work, mode, deps);
    while (end === 'worked');
    return end === 'no time';
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    deps.ports.observe({ type: 'drain stopped', shard: work.shard, error });
    return false;
  }
};

/** How a run through the index ended; `worked`: keys were due, and the worker need not end. */
type End = 'worked' | 'nothing due' | 'blocked' | 'no time';

/** Once through the index. */
const drainDue = async (
  { shard, part = 0, parts = 1 }: DrainWork,
  mode: KnownMode,
  deps: RunnerDeps,
): Promise<End> => {
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
      if (mode.isBlocked) return 'blocked';
      if (time.timeLeft() < time.worstCase) return 'no time';
      if (partOf(summary.key, parts) !== part) continue;
      const head = await dueHead(summary, mode, deps);
      if (head === undefined) continue;
      const result = await new KeyDrain(head, mode, deps).run();
      if (result === 'blocked' || result === 'no time') return result;
      if (result === 'worked') found = true;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found ? 'worked' : 'nothing due';
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
