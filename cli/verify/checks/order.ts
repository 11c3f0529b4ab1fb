/** Check 4: events of several users, each once and in order. */
import type { CanaryArrival, CanaryEvent } from '../../../contract/canary.ts';
import { failed, passed, seconds, some, type Outcome } from '../outcome.ts';
import { arrivalsOf, judgeArrivals, LOST, send } from '../traffic.ts';
import type { Check } from '../world.ts';

const USERS = 10;
const EVENTS = 20;
/** Of each user in a request. */
const AT_ONCE = 2;
/** Milliseconds. */
const PATIENCE = 180_000;

/** Pure. */
export const judgeOrder = (
  sent: readonly CanaryEvent[],
  arrivals: readonly CanaryArrival[],
  after: number,
): Outcome => {
  const { missing, repeated, overtaken } = judgeArrivals(sent, arrivals);
  const figures = {
    users: new Set(sent.map(({ user }) => user)).size,
    events: sent.length,
    deliveries: arrivals.length,
    secondsAfterTheLast: seconds(after),
  };
  if (missing.length > 0) return failed(`not delivered: ${some(missing)}`, LOST, figures);
  if (overtaken.length > 0)
    return failed(
      `delivered after a later event of the same user: ${some(overtaken)}`,
      'the queues must be FIFO queues as the template made them, and nothing else may send to them or read them',
      figures,
    );
  if (repeated.length > 0)
    return failed(
      `delivered more than once: ${some(repeated)}`,
      'see npx sluice status: a crash or a timeout of the canary may have repeated them; verify again',
      figures,
    );
  return passed(figures);
};

export const order: Check = {
  number: 4,
  title: `order, and once: ${USERS} users, ${EVENTS} events each`,
  run: async (world, { writeKey }) => {
    const run = `${world.run}c4`;
    const sent: CanaryEvent[] = [];
    for (let from = 0; from < EVENTS; from += AT_ONCE) {
      const round = Array.from({ length: USERS }, (_, i) => i).flatMap((i) =>
        Array.from({ length: AT_ONCE }, (__, j) => ({ run, user: `user${i}`, seq: from + j })),
      );
      await send(world, writeKey, round);
      sent.push(...round);
    }
    const { value, after } = await arrivalsOf(world, run, sent, PATIENCE);
    return judgeOrder(sent, value, after);
  },
};
