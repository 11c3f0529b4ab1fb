/** What is sent while the times are measured, and when the failure begins. */
import { validateConfig } from '../../../config/index.ts';
import { HOUR, MINUTE, SECOND } from '../pipeline/config.ts';
import type { SentEvent } from '../pipeline/ledger.ts';
import { NO_RATES, userName, type Plan } from '../pipeline/plan.ts';
import type { World } from '../pipeline/world.ts';
import type { Way } from './ways.ts';

/** When every attempt begins to fail; milliseconds from the start of the simulation. */
export const BEGIN = 10 * MINUTE;
/** When the failure stops, until something has got through. */
export const BREAK = BEGIN + 30 * MINUTE;
/** The minimum time for which every attempt fails after that. */
export const OUTAGE = 5 * HOUR;
/** When the longest pause may be over. */
const END = BREAK + OUTAGE + 90 * MINUTE;
/** The last event is sent before this time. */
const LAST = END - 10 * MINUTE;

export const USERS = [1, 2, 5, 10, 300] as const;

const { degradedMode } = validateConfig({ sources: [{ id: 'web', writeKey: 'web-key' }], destinations: [] });
const { redriveThreshold, recoverAfter, crashes, parkAfter, breakerFailures, spillAfter } = degradedMode;

export const DEFAULTS: Plan['settings'] = {
  ...{ redriveThreshold, recoverAfter, crashes, parkAfter, breakerFailures, spillAfter },
  ...{ retention: 1_209_600, maxReceiveCount: 1_000, controlEvery: MINUTE, slowControl: 0 },
  ...{ skew: 0, recut: 0, batch: 20, retired: 0, deduplication: false },
};

/** A user sends an event every two minutes; many users send ten a minute among them. */
const everyOf = (users: number): number => Math.max(2 * MINUTE, users * 6 * SECOND);

/** The users take turns. @param index among all events */
const sentAt = (users: number, index: number): number => Math.floor((index * everyOf(users)) / users);

/** When an event was sent, by its id. */
export const sentAtOf = (users: number, id: string): number => {
  const [user = 0, number = 0] = id
    .slice(userName(0).length - 1)
    .split('-')
    .map(Number);
  return sentAt(users, number * users + user);
};

export const planOf = (name: string, way: Way, users: number): Plan => ({
  ...{ name: `times: ${name}`, seed: 11, users, end: END, keepsCode: true },
  ...{ settings: DEFAULTS, rates: NO_RATES, actions: [way.action(BEGIN, END - BEGIN)] },
});

/** Sends one event after another: a list of all of them in the plan would make each step of the schedule slow. */
export const startSending = ({ schedule, ledger, clients }: World, users: number): void => {
  const send = (index: number): void => {
    const [user, number] = [index % users, Math.floor(index / users)];
    const event: SentEvent = { kind: 'plain', user, number, id: `${userName(user)}-${String(number)}` };
    ledger.sent(event);
    clients[user]?.send([event]);
    const next = sentAt(users, index + 1);
    if (next > LAST) return;
    schedule.after(next - sentAt(users, index), () => {
      send(index + 1);
    });
  };
  send(0);
};
