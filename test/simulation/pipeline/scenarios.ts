/** The scenarios in which every call is made to fail once. They contain no chance: everything that happens is written here. */
import { DAY, HOUR, MINUTE, SECOND } from './config.ts';
import {
  NO_RATES,
  type Action,
  type Crashing,
  type EventPlan,
  type Plan,
  type PlanSettings,
  type StageId,
} from './plan.ts';

export const PLAIN: EventPlan = { kind: 'plain' };
const SPLIT: EventPlan = { kind: 'split' };
const FILTERED: EventPlan = { kind: 'filtered' };
const BAD: EventPlan = { kind: 'bad' };

export const poison = (stage: StageId, how: Crashing, cured = true): EventPlan => ({
  kind: 'plain',
  poison: { stage, how, cured },
});

/** Too slow for all events of one message to be processed in time. */
export const slow = (stage: StageId, takes: number, count: number): readonly EventPlan[] =>
  Array.from({ length: count }, () => ({ kind: 'plain', slow: { stage, takes } }));

const IMPURE: EventPlan = { kind: 'plain', impure: ['router', 'crm'] };

const late = (stage: StageId, how: 'throw' | 'exit'): EventPlan => ({ kind: 'plain', late: { stage, how } });

const SETTINGS: PlanSettings = {
  redriveThreshold: 5,
  recoverAfter: 3,
  crashes: 1,
  parkAfter: 15 * MINUTE,
  breakerFailures: 3,
  spillAfter: 7 * DAY,
  retention: 1_209_600,
  maxReceiveCount: 1_000,
  controlEvery: MINUTE,
  slowControl: 0.1,
  skew: 0,
  recut: 0.5,
  deduplication: false,
  batch: 5,
  retired: 0,
};

export const send = (at: number, user: number, ...events: readonly EventPlan[]): Action => ({
  at,
  do: 'send',
  user,
  events,
});

export const scenario = (
  name: string,
  end: number,
  actions: readonly Action[],
  settings: Partial<PlanSettings> = {},
): Plan => ({
  name,
  seed: 7,
  users: 3,
  end,
  settings: { ...SETTINGS, ...settings },
  rates: NO_RATES,
  actions,
});

const GOOD = { starts: 'yes', share: 0, how: 'throw' } as const;

export const SCENARIOS: readonly Plan[] = [
  scenario('a fan-out to two destinations', 3 * MINUTE, [
    send(0, 0, PLAIN, SPLIT, FILTERED, BAD),
    send(0, 1, PLAIN, PLAIN, PLAIN, PLAIN),
    send(SECOND, 2, PLAIN),
    send(MINUTE, 0, PLAIN),
  ]),
  scenario('poison, a redrive, and the drain after the fix', 15 * MINUTE, [
    send(0, 0, PLAIN, poison('router', 'throw'), PLAIN),
    send(0, 1, PLAIN, poison('crm', 'native')),
    send(MINUTE, 0, PLAIN),
    send(5 * MINUTE, 1, PLAIN),
    send(15 * MINUTE, 0, PLAIN),
  ]),
  scenario(
    'two poisons of one stage, which degrades, the fix and the drain',
    6 * MINUTE,
    [
      send(0, 0, PLAIN),
      send(0, 1, poison('crm', 'native')),
      send(0, 2, PLAIN),
      send(SECOND, 0, poison('crm', 'throw')),
      send(SECOND, 1, PLAIN),
      send(2 * SECOND, 0, PLAIN),
      send(2 * MINUTE, 0, PLAIN),
      send(6 * MINUTE, 0, PLAIN),
      send(6 * MINUTE, 1, PLAIN),
    ],
    // One death may be charged to a message that merely was in hand.
    { redriveThreshold: 2, crashes: 2 },
  ),
  scenario(
    'a parked user, whose messages are drained several at a time, and refused in the middle',
    6 * MINUTE,
    [
      send(0, 0, poison('lake', 'throw')),
      ...[1, 2, 3, 4, 5, 6, 7].map((second) => send(second * SECOND, 0, PLAIN)),
      send(8 * SECOND, 0, SPLIT, FILTERED),
      // To the poison, to three messages as one, and to two of them alone.
      { at: 5 * MINUTE, do: 'answers', stage: 'lake', user: 0, replies: [200, 400, 200, 503] },
      { at: 5 * MINUTE, do: 'deploy', stage: 'lake', isFix: true, ...GOOD },
      send(6 * MINUTE + SECOND, 0, PLAIN),
      send(6 * MINUTE + 2 * SECOND, 0, PLAIN),
    ],
  ),
  scenario(
    'a backlog in a queue, whose messages are worked on several at a time, and refused in the middle',
    20 * MINUTE,
    [
      { at: 0, do: 'operator', command: 'hold', stage: 'lake' },
      // By then the mapping is off: nothing of it has been received before.
      ...[1, 2, 3, 4, 5, 6, 7].map((second) => send(5 * MINUTE + second * SECOND, 0, PLAIN)),
      send(5 * MINUTE + 8 * SECOND, 0, SPLIT, FILTERED),
      send(5 * MINUTE + 8 * SECOND, 1, PLAIN),
      // To three messages as one, to the next three, and to two of them alone.
      { at: 8 * MINUTE, do: 'answers', stage: 'lake', user: 0, replies: [200, 400, 200, 503] },
      { at: 8 * MINUTE, do: 'operator', command: 'resume', stage: 'lake' },
      send(15 * MINUTE, 0, PLAIN),
    ],
  ),
  scenario(
    'a bad deployment: degraded, the fix, recovery',
    15 * MINUTE,
    [
      { at: 0, do: 'deploy', stage: 'router', starts: 'yes', share: 1, how: 'throw' },
      send(SECOND, 0, PLAIN),
      send(SECOND, 1, PLAIN, PLAIN),
      send(3 * MINUTE, 2, PLAIN),
      { at: 6 * MINUTE, do: 'deploy', stage: 'router', isFix: true, ...GOOD },
      send(7 * MINUTE, 0, PLAIN),
    ],
    { redriveThreshold: 2 },
  ),
  scenario('the breaker of a destination', 20 * MINUTE, [
    { at: 0, do: 'refuse', stage: 'crm', reply: 503, share: 1, length: 12 * MINUTE },
    send(SECOND, 0, PLAIN, PLAIN),
    send(SECOND, 1, PLAIN),
    send(MINUTE, 2, PLAIN),
    send(13 * MINUTE, 0, PLAIN),
  ]),
  scenario(
    'a stage that is held for days, and spills',
    9 * DAY,
    [
      { at: 0, do: 'operator', command: 'hold', stage: 'router' },
      send(HOUR, 0, PLAIN, PLAIN),
      send(HOUR, 1, PLAIN),
      send(8 * DAY, 0, PLAIN),
      send(9 * DAY + SECOND, 1, PLAIN),
    ],
    { controlEvery: 4 * HOUR, slowControl: 0.05 },
  ),
  scenario('an operator discards an event, and resends it', 20 * MINUTE, [
    send(0, 0, PLAIN, poison('crm', 'throw')),
    send(MINUTE, 0, PLAIN),
    { at: MINUTE, do: 'answers', stage: 'lake', user: 1, replies: [400] },
    send(2 * MINUTE, 1, PLAIN, PLAIN),
    { at: 10 * MINUTE, do: 'operator', command: 'discard', stage: 'crm' },
    { at: 12 * MINUTE, do: 'operator', command: 'retry-rejected', stage: 'lake' },
    { at: 13 * MINUTE, do: 'operator', command: 'retry', stage: 'crm' },
    { at: 21 * MINUTE, do: 'operator', command: 'retry-rejected', stage: 'crm' },
  ]),
  scenario(
    "SQS's own redrive, and the intake of its dead letters",
    20 * MINUTE,
    [
      { at: 0, do: 'refuse', stage: 'crm', user: 0, reply: 500, share: 1, length: 10 * MINUTE },
      send(0, 0, PLAIN, PLAIN),
      send(MINUTE, 0, PLAIN),
      send(2 * MINUTE, 1, PLAIN),
    ],
    { maxReceiveCount: 3 },
  ),
  scenario(
    'native crashes, and the last words of their processes',
    40 * MINUTE,
    [
      // The messages that wait for the resume leave the queue in one batch.
      { at: 0, do: 'operator', command: 'hold', stage: 'crm' },
      send(SECOND, 0, PLAIN, PLAIN),
      send(SECOND, 1, poison('crm', 'native')),
      send(SECOND, 2, PLAIN),
      send(MINUTE, 0, PLAIN),
      { at: 2 * MINUTE, do: 'operator', command: 'resume', stage: 'crm' },
      // A destination does nothing while the router is degraded: its poison is redriven before.
      send(20 * MINUTE, 2, poison('router', 'native'), PLAIN),
      send(21 * MINUTE, 1, PLAIN),
    ],
    { crashes: 3 },
  ),
  scenario(
    'transforms that take longer than a function may run',
    10 * MINUTE,
    [
      send(0, 0, ...slow('router', 4_500, 6)),
      send(0, 1, ...slow('crm', 4_900, 10)),
      send(MINUTE, 0, PLAIN),
      send(MINUTE, 1, PLAIN, late('crm', 'exit'), PLAIN),
    ],
    { batch: 12 },
  ),
  scenario(
    'code that returns other outputs at each attempt',
    10 * MINUTE,
    [
      send(0, 0, IMPURE, PLAIN, IMPURE),
      { at: 0, do: 'answers', stage: 'crm', user: 0, replies: [200, 503, 200, 400, 'late'] },
      send(SECOND, 1, late('router', 'throw'), IMPURE, SPLIT),
      send(MINUTE, 0, PLAIN, IMPURE),
    ],
    { batch: 12, crashes: 3 },
  ),
  {
    // Ingest dies when SQS has taken the first request, so the SDK sends the events again, in other batches.
    ...scenario(
      'deduplication, with batches that are sent again',
      10 * MINUTE,
      [send(0, 0, PLAIN, PLAIN, SPLIT), send(SECOND, 1, PLAIN, PLAIN, PLAIN), send(MINUTE, 0, PLAIN, PLAIN)],
      { deduplication: true, recut: 1 },
    ),
    // This event keeps the SDK from sending the same batches again.
    seed: 8,
    mishaps: [[1, 'die after']],
  },
];
