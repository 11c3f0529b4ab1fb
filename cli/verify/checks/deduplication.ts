/** Check 3: the same event, sent twice within five minutes, is delivered once. */
import type { CanaryArrival, CanaryEvent } from '../../../contract/canary.ts';
import { failed, passed, seconds, some, type Outcome } from '../outcome.ts';
import { arrivalsOf, judgeArrivals, LOST, send } from '../traffic.ts';
import type { Check } from '../world.ts';

/** Pure. */
export const judgeDeduplication = (
  sent: readonly CanaryEvent[],
  arrivals: readonly CanaryArrival[],
  after: number,
): Outcome => {
  const { missing, repeated } = judgeArrivals(sent, arrivals);
  const figures = { deliveries: arrivals.length, seconds: seconds(after) };
  if (missing.length > 0) return failed(`not delivered: ${some(missing)}`, LOST, figures);
  if (repeated.length > 0)
    return failed(
      `delivered twice: ${some(repeated)}`,
      "the queue's deduplication: the transform must not make another messageId of the same event; events.fifo must be as the template made it",
      figures,
    );
  return passed(figures);
};

export const deduplication: Check = {
  number: 3,
  title: 'the same event twice is delivered once',
  run: async (world, { writeKey }) => {
    const run = `${world.run}c3`;
    const first = { run, user: 'twice', seq: 0 };
    const last = { run, user: 'twice', seq: 1 };
    // The last is of the same user, so that a repetition of the first is delivered before it.
    for (const event of [first, first, last]) await send(world, writeKey, [event]);
    const { value, after } = await arrivalsOf(world, run, [first, last]);
    return judgeDeduplication([first, last], value, after);
  },
};
