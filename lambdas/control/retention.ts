/**
 * Keeps to the retention of records of rejected and discarded events, where there is one: warns of those that nobody has seen, and deletes
 * those whose time is over. See `core/event/retention.ts` for the rule. It is a part of the minute's run, and takes a few seconds of it
 * at most; where there are many records it continues in the next.
 *
 * What it has found is remembered after it was published. So a warning that was not heard is none, and deletes nothing.
 */
import { allDone } from '../core/base/all-done.ts';
import { BadCursor } from '../core/base/faults.ts';
import { CALL_MARGIN } from '../core/base/limits.ts';
import type { Rejection } from '../core/event/ports.ts';
import {
  continued,
  fateOf,
  isSweepDue,
  knownOf,
  mayExpireBefore,
  NONE_EXPIRING,
  withFate,
  type Expiring,
  type Sweep,
} from '../core/event/retention.ts';
import { INGEST } from '../../contract/tables.ts';
import { formerStages } from './commands/answer.ts';
import type { ControlDeps, MetricDatum, Retention } from './ports.ts';
import type { Steps } from './steps.ts';

/** Records that are read at the same time, ... */
const PAGE = 100;
/** ... and that are deleted at the same time. */
const STEP = 20;
/** Milliseconds of a run that are for this. */
const BUDGET = 5_000;
/** Milliseconds that must be left: for a page and what deletes its records, and for the run's last steps. */
const ROOM = 3 * CALL_MARGIN;

type Sweeps = ReadonlyMap<string, Sweep>;

export const keepRetention = async (deps: ControlDeps, steps: Steps): Promise<void> => {
  const { retention } = deps;
  if (retention === undefined) return;
  await steps.try('keep to the retention of records', () => keep(deps, retention, steps), { room: ROOM });
};

/** @throws InfraFault */
const keep = async (deps: ControlDeps, retention: Retention, steps: Steps): Promise<void> => {
  const began = deps.clock();
  const before = await retention.store.readSweeps();
  const places = [INGEST, ...deps.stages.map(({ id }) => id), ...(await formerStages(deps)).keys()];
  const hasTime = (): boolean => deps.clock() - began < BUDGET && deps.timeLeft() >= ROOM;
  const sweeps = new Map(
    places.flatMap((place) => {
      const sweep = before.get(place);
      return sweep === undefined ? [] : [[place, sweep] as const];
    }),
  );
  // Those that have waited longest first: none is left out for good.
  const oldestFirst = [...places].sort((a, b) => (before.get(a)?.at ?? 0) - (before.get(b)?.at ?? 0));
  for (const place of oldestFirst) {
    if (!hasTime()) break;
    const sweep = await steps.try(
      'look at records whose time may be over',
      () => sweepPlace(deps, retention, { place, before: before.get(place), hasTime }),
      { stage: place, room: ROOM },
    );
    if (sweep !== undefined) sweeps.set(place, sweep);
  }
  await deps.metrics.put(warnings(deps, sweeps));
  await retention.store.saveSweeps(sweeps);
};

const warnings = ({ pipeline, clock }: ControlDeps, sweeps: Sweeps): readonly MetricDatum[] => {
  const at = clock();
  const known = [...sweeps.values()].map(knownOf);
  const datum = (name: MetricDatum['name'], count: (found: Expiring) => number): MetricDatum => ({
    name,
    value: known.reduce((sum, found) => sum + count(found), 0),
    unit: 'Count',
    dimensions: { Pipeline: pipeline },
    at,
    resolution: 60,
  });
  return [datum('RecordsExpiring', ({ unseen }) => unseen), datum('RecordsExpiringSoon', ({ soon }) => soon)];
};

interface Place {
  readonly place: string;
  readonly before: Sweep | undefined;
  readonly hasTime: () => boolean;
}

/** @returns undefined when it is not time for it @throws InfraFault */
const sweepPlace = async (
  deps: ControlDeps,
  { time, store }: Retention,
  { place, before: stored, hasTime }: Place,
): Promise<Sweep | undefined> => {
  const now = deps.clock();
  const before = continued(stored, time, now);
  const isDue = (markedAt: number): boolean => isSweepDue(before, { retention: time, now, markedAt });
  // Marks are asked for where they could make a difference.
  if (before?.found.unseen === 0 && !isDue(0)) return undefined;
  const seen = await store.readSeen(place);
  if (!isDue(seen.markedAt)) return undefined;
  const warnedSince = before?.warnedSince ?? now;
  const deleted = { records: 0, events: 0, unseen: 0 };
  let found = before?.under?.found ?? NONE_EXPIRING;
  let cursor = before?.under?.cursor;
  do {
    const page = await pageOf(deps, place, mayExpireBefore(time, now), cursor);
    const fates = page.rejections.map((record) => ({
      record,
      fate: fateOf(record, { retention: time, seen, warnedSince, now }),
    }));
    for (const { fate } of fates) found = withFate(found, fate);
    const over = fates.flatMap(({ record, fate }) =>
      fate.kind === 'over' ? [{ record, isSeen: fate.isSeen }] : [],
    );
    for (let i = 0; i < over.length; i += STEP) {
      const step = over.slice(i, i + STEP);
      const removed = await allDone(step.map(({ record }) => deps.rejections.removeUnchanged(record)));
      const gone = step.filter((_, j) => removed[j]);
      deleted.records += gone.length;
      deleted.events += gone.reduce((sum, { record: { count = 1 } }) => sum + count, 0);
      deleted.unseen += gone.filter(({ isSeen }) => !isSeen).length;
    }
    cursor = page.cursor;
  } while (cursor !== undefined && hasTime());
  if (deleted.records > 0)
    deps.log(deleted.unseen > 0 ? 'warn' : 'info', 'records were deleted: their retention is over', {
      stage: place,
      ...deleted,
    });
  const common = { retention: time, warnedSince, at: now };
  return cursor === undefined
    ? { ...common, endedAt: now, found }
    : {
        ...common,
        endedAt: before?.endedAt ?? 0,
        found: before?.found ?? NONE_EXPIRING,
        under: { found, cursor },
      };
};

/** From the beginning where another version's cursor was stored. @throws InfraFault */
const pageOf = async (
  { rejections }: Pick<ControlDeps, 'rejections'>,
  place: string,
  until: string,
  cursor: string | undefined,
): Promise<{ readonly rejections: readonly Rejection[]; readonly cursor?: string }> => {
  try {
    return await rejections.list(place, { limit: PAGE, until, ...(cursor === undefined ? {} : { cursor }) });
  } catch (error) {
    if (cursor !== undefined && error instanceof BadCursor)
      return rejections.list(place, { limit: PAGE, until });
    throw error;
  }
};
