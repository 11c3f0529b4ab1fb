/** What the parts of a simulated pipeline are told of one another. */
import { plannedOf } from './code.ts';
import { Evidence } from './evidence.ts';
import { DESTINATIONS, ROUTER, type StageId } from './plan.ts';
import type { CodeOptions } from './transforms.ts';
import type { World } from './world.ts';

/** What the sandbox of a process is given. */
export const sandboxOf = (world: World): CodeOptions => ({
  random: () => world.random(),
  now: () => world.schedule.now,
  begun: (stage, messageId, { running }) => {
    if (running !== undefined) world.watch.eventBegun(stage, messageId, running);
  },
  made: (stage, event, outputs) => {
    const { impure, anonymousId } = plannedOf(event);
    if (impure === undefined) return;
    const message = world.watch.current(stage, Number(anonymousId.slice(1)));
    if (message !== undefined) world.ledger.made.made(stage, message.id, event, outputs);
  },
  count: (what) => {
    world.faults.count(what);
  },
});

/** Of the router: every queue behind it, since a part goes to each. */
const isDenied = ({ faults }: World, stage: StageId): boolean => {
  if (faults.isDenied('table', stage) || faults.isDenied('secret', stage)) return true;
  return stage === ROUTER && DESTINATIONS.some((one) => faults.isDenied('queue', one));
};

/** @returns what follows the evidence; it looks at the world only when it is used */
export const evidenceOf = (world: World): Evidence =>
  new Evidence({
    plan: world.plan,
    now: () => world.schedule.now,
    time: () => world.time,
    queued: (stage) => world.queues.countOf(world.queues.of(stage)),
    parkedKeys: (stage) => world.parking.keys(stage),
    keys: (stage) => [...new Set([...world.parking.keys(stage), ...world.queues.groupsOf(stage)])],
    canTry: (stage) => !world.queues.isStarved(stage, 'function') && !world.faults.isDenied('table', stage),
    userOf: (messageId) => world.ledger.userOf(messageId),
    isCutOff: (stage, length) => world.queues.isCutOff(stage, length),
    isDenied: (stage) => isDenied(world, stage),
    violation: world.violation,
  });
