/** Check 5: a poison event is parked with its user's later ones, nobody else waits, and `retry` delivers them after the fix. */
import { CANARY, type CanaryArrival, type CanaryEvent } from '../../../contract/canary.ts';
import type { StageStatus } from '../../../contract/status.ts';
import type { ParkedKey } from '../../../contract/operator-views.ts';
import { failed, passed, seconds, some, type Outcome } from '../outcome.ts';
import { arrivalsOf, canaryStage, judgeArrivals, LOST, readArrivals, send, userIdOf } from '../traffic.ts';
import { waitFor, type Check } from '../world.ts';

const FOLLOWERS = 3;
/** Milliseconds: three crashes with their pauses, and what a function takes to start. */
const PARKED_WITHIN = 10 * 60_000;
const DRAINED_WITHIN = 5 * 60_000;

export interface PoisonFacts {
  readonly poison: readonly CanaryEvent[];
  readonly neighbors: readonly CanaryEvent[];
  /** While it was parked. */
  readonly parked: readonly ParkedKey[];
  readonly parkedAfter: number;
  readonly during: readonly CanaryArrival[];
  readonly stage: Pick<StageStatus, 'mode'>;
  /** At the end. */
  readonly arrivals: readonly CanaryArrival[];
  readonly drainedAfter: number;
  readonly parkedLeft: number;
}

/** Pure. */
export const judgePoison = (facts: PoisonFacts): Outcome => {
  const { poison, neighbors, parked, during, stage, arrivals, parkedLeft } = facts;
  const figures = {
    parkedMessages: parked[0]?.messages ?? 0,
    secondsToPark: seconds(facts.parkedAfter),
    secondsToDrain: seconds(facts.drainedAfter),
  };
  const early = judgeArrivals(poison, during).missing.length < poison.length;
  if (early)
    return failed(
      'an event of the poisoned user was delivered while the canary fails on them',
      'order is broken while a user is parked: keep npx sluice report, and open an issue',
      figures,
    );
  if (stage.mode !== 'normal')
    return failed(
      `one poison event made the canary ${stage.mode}`,
      'degradedMode.redrives is too low',
      figures,
    );
  if (parked.length !== 1 || (parked[0]?.messages ?? 0) < poison.length)
    return failed(
      `${parked.length} users are parked, with ${parked[0]?.messages ?? 0} messages; expected 1 with ${poison.length}`,
      'see npx sluice status --json: whether the crashes of the canary were counted (degradedMode.crashes)',
      figures,
    );
  const waiting = judgeArrivals(neighbors, during).missing;
  if (waiting.length > 0)
    return failed(
      `events of other users waited for the poisoned one: ${some(waiting)}`,
      'isolation is broken: keep npx sluice report, and open an issue',
      figures,
    );
  const { missing, overtaken } = judgeArrivals(poison, arrivals);
  if (missing.length > 0 || parkedLeft > 0)
    return failed(
      `not drained after the fix and retry: ${parkedLeft} parked, missing ${some(missing)}`,
      LOST,
      figures,
    );
  if (overtaken.length > 0)
    return failed(
      `drained out of order: ${some(overtaken)}`,
      'order is broken in a drain: keep npx sluice report, and open an issue',
      figures,
    );
  return passed(figures);
};

export const poison: Check = {
  number: 5,
  title: 'a poison event parks its user alone, and drains after the fix',
  run: async (world, { writeKey }) => {
    const { ask } = world;
    const run = `${world.run}c5`;
    const events = Array.from({ length: FOLLOWERS + 1 }, (_, seq) => ({ run, user: 'poison', seq }));
    const neighbors = ['left', 'right'].map((user) => ({ run, user, seq: 0 }));
    await ask({
      command: 'canary-set',
      answer: 'throw',
      users: [userIdOf({ run, user: 'poison' })],
      seconds: 1_800,
    });
    // Each a message of its own.
    for (const event of events) await send(world, writeKey, [event]);
    await send(world, writeKey, neighbors);
    const readParked = async () => (await ask({ command: 'parked', stage: CANARY })).keys;
    const { value: parked, after: parkedAfter } = await waitFor(
      world,
      readParked,
      (keys) => (keys[0]?.messages ?? 0) >= events.length,
      { within: PARKED_WITHIN },
    );
    const during = (await arrivalsOf(world, run, neighbors)).value;
    const stage = await canaryStage(world);
    await ask({ command: 'canary-set', answer: 'take', seconds: 1 });
    await ask({ command: 'retry', stage: CANARY });
    const { after: drainedAfter } = await waitFor(
      world,
      async () => ({ arrivals: await readArrivals(world, run), left: await readParked() }),
      ({ arrivals, left }) => judgeArrivals(events, arrivals).missing.length === 0 && left.length === 0,
      { within: DRAINED_WITHIN },
    );
    return judgePoison({
      poison: events,
      neighbors,
      parked,
      parkedAfter,
      during,
      stage,
      arrivals: await readArrivals(world, run),
      drainedAfter,
      parkedLeft: (await readParked()).length,
    });
  },
};
