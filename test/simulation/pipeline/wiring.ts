/** Connects the parts of a simulated pipeline. */
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { plannedOf } from './code.ts';
import { limitsOf } from './config.ts';
import { Evidence } from './evidence.ts';
import { Functions } from './functions.ts';
import { keyOf } from './made.ts';
import { ParkedPages } from './parked-pages.ts';
import { DESTINATIONS, ROUTER, type StageId } from './plan.ts';
import type { Surroundings } from './queue-parts.ts';
import { Queues } from './queues.ts';
import { Receivers } from './receivers.ts';
import type { CodeOptions } from './transforms.ts';
import type { World } from './world.ts';

/** The dependencies of a process's sandbox. */
export const sandboxOf = (world: World): CodeOptions => ({
  random: () => world.random(),
  now: () => world.schedule.now,
  begun: (stage, messageId, { running }) => {
    if (running !== undefined) world.watch.eventBegun(stage, messageId, running);
  },
  abandoned: ({ running, words }) => {
    (world.bug.lastWords?.(words) ?? words).abandoned();
    if (running !== undefined) world.watch.charges.abandoned(running);
  },
  made: (stage, event, outputs) => {
    const { impure, anonymousId } = plannedOf(event);
    if (impure === undefined) return;
    const unit = world.watch.current(stage, Number(anonymousId.slice(1))) ?? [];
    // By variant too: what an impure router made of one event twice may be two messages of the unit.
    const has = (one: SluiceEvent): boolean => keyOf(one) === keyOf(event);
    const message = unit.find(({ id }) => world.ledger.eventsOf(id).some(has));
    if (message !== undefined) world.ledger.made.made(stage, message.id, event, outputs);
  },
  count: (what) => {
    world.faults.count(what);
  },
});

/** For the router: every queue behind it, since a part goes to each. */
const isDenied = ({ faults }: World, stage: StageId): boolean => {
  if (faults.isDenied('table', stage) || faults.isDenied('secret', stage)) return true;
  return stage === ROUTER && DESTINATIONS.some((one) => faults.isDenied('queue', one));
};

/** @returns the object that follows the evidence; it reads the world only when it is used */
export const parkedPagesOf = (world: World): ParkedPages =>
  new ParkedPages({
    bounds: world.evidence.bounds,
    now: () => world.schedule.now,
    mode: (stage) => world.state.mode(stage),
    heads: (stage) =>
      world.parking.keys(stage).flatMap((key) => {
        const head = world.parking.head(stage, key);
        return head === undefined ? [] : [head];
      }),
    violation: world.violation,
  });

export const evidenceOf = (world: World): Evidence =>
  new Evidence({
    plan: world.plan,
    now: () => world.schedule.now,
    time: () => world.time,
    queued: (stage) => world.queues.countOf(world.queues.of(stage)),
    hasAvailable: (stage) => world.queues.hasAvailable(stage),
    parkedKeys: (stage) => world.parking.keys(stage),
    keys: (stage) => [...new Set([...world.parking.keys(stage), ...world.queues.groupsOf(stage)])],
    canTry: (stage) => !world.queues.isStarved(stage, 'function') && !world.faults.isDenied('table', stage),
    userOf: (messageId) => world.ledger.userOf(messageId),
    isCutOff: (stage, length) => world.queues.isCutOff(stage, length),
    isDenied: (stage) => isDenied(world, stage),
    violation: world.violation,
  });

export const functionsOf = (world: World): Functions =>
  new Functions({
    schedule: world.schedule,
    random: world.random,
    retired: world.plan.settings.retired,
    faults: world.faults,
    trace: world.log,
    owed: (call, by) => {
      world.watch.owed(call, by);
    },
    ended: (invocation) => {
      world.watch.charges.over(invocation);
      world.evidence.over(invocation);
    },
    violation: world.violation,
  });

export const queuesOf = (world: World, accepted: Surroundings['accepted']): Queues =>
  new Queues(world.plan.settings, {
    schedule: world.schedule,
    uuid: world.uuid,
    random: world.random,
    visibility: (stage) => world.bug.visibility ?? limitsOf(stage).visibility,
    entryFate: () => world.faults.entry(),
    undeleted: () => world.faults.undeleted(),
    lateStart: () => world.faults.happens(world.plan.settings.lateStart, 'late start'),
    starved: () => {
      world.faults.count('no function is invoked');
    },
    accepted,
    handOut: world.stageFunctions.handOut,
  });

export const receiversOf = (world: World): Receivers =>
  new Receivers({
    random: world.random,
    now: () => world.schedule.now,
    stored: (stage, events, by) => {
      world.log(() => `${stage} has stored ${events.map(keyOf).join(', ')}`);
      if (by !== undefined) world.effect(by.ids, by.unit);
      for (const event of events) world.ledger.delivered(stage, event, world.schedule.now);
    },
  });
