/** Planted bugs: in the guarantees of the stores, and in the order in which they are written. */
import { sortOf } from '../../../lambdas/core/stage/parking.ts';
import type { ParkedMessage, ParkingStore } from '../../../lambdas/core/stage/parking-port.ts';
import type { RunnerDeps } from '../../../lambdas/core/stage/runner-deps.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { replaced } from '../../support/ports-gate.ts';
import { withPorts, type Bug } from './bug.ts';
import { SECOND } from './config.ts';
import type { Plan } from './plan.ts';
import { DEAD_LETTER_OVERTAKEN } from './stories.ts';

export interface Planted {
  /** The rule that is broken. */
  readonly name: string;
  /** The consequence. */
  readonly breaks: string;
  readonly bug: Bug;
  /** What catches it, where no drawn scenario does. */
  readonly plan?: Plan;
}

/** An eventually consistent read does not see anything younger. */
const LAG = 5 * SECOND;

const withParking = (deps: RunnerDeps, methods: Partial<ParkingStore>): RunnerDeps =>
  withPorts(deps, { parking: replaced(deps.ports.parking, methods) });

const deleteFirst = (deps: RunnerDeps, messages: readonly IncomingMessage[]): RunnerDeps =>
  withParking(deps, {
    putMessage: async (stage, parked) => {
      const message = messages.find(({ id }) => id === parked.id);
      if (message !== undefined) await deps.ports.queue.delete(message);
      await deps.ports.parking.putMessage(stage, parked);
    },
  });

const headFirst = (deps: RunnerDeps): RunnerDeps => {
  const waiting = new Map<string, ParkedMessage>();
  return withParking(deps, {
    putMessage: (_, parked) => {
      waiting.set(parked.groupId, parked);
      return Promise.resolve();
    },
    touchHead: async (stage, key, touch) => {
      await deps.ports.parking.touchHead(stage, key, touch);
      const parked = waiting.get(key);
      waiting.delete(key);
      if (parked !== undefined) await deps.ports.parking.putMessage(stage, parked);
    },
  });
};

export const PLANTED_IN_STORES: readonly Planted[] = [
  {
    name: 'a lease is taken although another is live',
    breaks: 'two workers drain one user',
    bug: {
      world: ({ parking }) => {
        const take = parking.takeLease.bind(parking);
        parking.takeLease = (stage, head, lease) => take(stage, head, { ...lease, now: Infinity });
      },
    },
  },
  {
    name: 'a lease ends before its function does',
    breaks: 'two workers drain one user',
    bug: { runner: (deps) => ({ ...deps, time: { ...deps.time, leaseTime: SECOND } }) },
  },
  {
    name: 'P2 overwrites the head and wipes a live lease',
    breaks: 'two workers drain one user',
    bug: {
      world: ({ parking }) => {
        const touch = parking.touchHead.bind(parking);
        parking.touchHead = async (stage, key, fields) => {
          await touch(stage, key, fields);
          const owner = parking.head(stage, key)?.leaseOwner;
          if (owner !== undefined) await parking.releaseLease(stage, key, owner, { nextAttemptAt: 0 });
        };
      },
    },
  },
  {
    name: 'the head is not read with the batch',
    breaks: 'later events overtake the parked ones',
    bug: {
      world: ({ state }) => {
        const read = state.read.bind(state);
        state.read = async (...args) => ({ ...(await read(...args)), parked: new Set() });
      },
    },
  },
  {
    name: 'the head is read eventually consistently',
    breaks: 'later events overtake the parked ones',
    bug: {
      world: ({ state, parking, schedule }) => {
        const read = state.read.bind(state);
        state.read = async (stage, query) => {
          const found = await read(stage, query);
          const isOld = (key: string) => schedule.now - (parking.head(stage, key)?.parkedAt ?? 0) > LAG;
          return { ...found, parked: new Set([...found.parked].filter(isOld)) };
        };
      },
    },
  },
  {
    name: 'the drain looks for the oldest message eventually consistently',
    breaks: 'a message that was just parked is left without a head: lost',
    bug: {
      world: ({ parking, schedule }) => {
        const oldest = parking.oldest.bind(parking);
        parking.oldest = async (stage, key, limit) => {
          const found = await oldest(stage, key, limit);
          return found.filter(({ parkedAt }) => schedule.now - parkedAt > LAG);
        };
      },
    },
  },
  {
    name: 'the drain reads the newest message first',
    breaks: 'parked events overtake each other',
    bug: {
      world: ({ parking }) => {
        parking.oldest = (stage, key, limit) =>
          Promise.resolve([...parking.messages(stage, key)].reverse().slice(0, limit));
      },
    },
  },
  {
    name: 'a drain takes its page for all that there is',
    breaks: 'what is behind it is left without a head: lost',
    bug: {
      world: ({ parking }) => {
        const page = parking.page.bind(parking);
        parking.page = async (...args) => ({ ...(await page(...args)), more: false });
      },
    },
  },
  {
    name: 'a page begins behind the one before it',
    breaks: 'a dead letter that is parked before it in the meantime is left without a head: lost',
    bug: {
      runner: (deps) => {
        const last = new Map<string, string>();
        return withParking(deps, {
          page: async (stage, key, limit) => {
            const messages = await deps.ports.parking.oldest(stage, key, limit, last.get(key));
            last.set(key, messages.at(-1)?.sort ?? last.get(key) ?? '');
            return { messages, more: messages.length === limit };
          },
        });
      },
    },
  },
  {
    name: 'a key that a dead letter parks is due immediately',
    breaks: 'a batch that has read that it is not parked, and a drain, work on one user',
    plan: DEAD_LETTER_OVERTAKEN,
    bug: {
      world: ({ parking }) => {
        const touch = parking.touchHead.bind(parking);
        parking.touchHead = (stage, key, { token, now, reason }) => touch(stage, key, { token, now, reason });
      },
    },
  },
  {
    name: 'the head is deleted without the condition on its token',
    breaks: 'a message that is parked during the last read of a drain is lost',
    bug: {
      world: ({ parking }) => {
        const remove = parking.deleteHead.bind(parking);
        parking.deleteHead = (stage, key, token, owner) =>
          remove(stage, key, parking.head(stage, key)?.token ?? token, owner);
      },
    },
  },
  {
    name: 'an append does not change the token',
    breaks: 'a message that is parked during the last read of a drain is lost',
    bug: {
      world: ({ parking }) => {
        const touch = parking.touchHead.bind(parking);
        parking.touchHead = (stage, key, fields) => touch(stage, key, { ...fields, token: 'always' });
      },
    },
  },
  {
    name: 'P2 before P1',
    breaks: 'a drain deletes the head in between: lost',
    bug: { runner: headFirst },
  },
  {
    name: 'deleted from the queue before it is parked',
    breaks: 'a death in between: lost',
    bug: { runner: deleteFirst },
  },
  {
    name: 'a redelivered message is not looked up among the parked ones',
    breaks: 'a half-parked message stays behind, and is processed again much later',
    bug: {
      world: ({ parking }) => {
        parking.hasMessage = () => Promise.resolve(false);
      },
    },
  },
  {
    name: 'the drain deletes a message before it has processed it',
    breaks: 'a failure in between: lost',
    bug: {
      runner: (deps, messages) =>
        withPorts(deps, {
          process: async (message, processing) => {
            if (messages.length === 0)
              await deps.ports.parking.deleteMessage(deps.stage.name, message.groupId, sortOf(message));
            return deps.ports.process(message, processing);
          },
        }),
    },
  },
  {
    name: 'an event that is refused is not recorded',
    breaks: 'it disappears without a record',
    bug: {
      world: ({ rejections }) => {
        rejections.save = () => Promise.resolve();
      },
    },
  },
];
