/** Scenarios for planted bugs that no drawn scenario catches: what they break happens too rarely by chance. */
import { MINUTE, SECOND } from './config.ts';
import { NO_RATES, type Plan } from './plan.ts';
import { PLAIN, poison, scenario, send, slow } from './scenarios.ts';

/** SQS moves a message to the dead-letter queue and hands out those behind it, and a drain starts while they are processed. */
export const DEAD_LETTER_OVERTAKEN: Plan = {
  ...scenario(
    "SQS's own redrive while the later messages of its user are in progress",
    10 * MINUTE,
    [0, 1, 2].flatMap((user) => [
      send(0, user, poison('crm', 'throw')),
      send(SECOND, user, ...slow('crm', 4_500, 4)),
      send(2 * SECOND, user, ...slow('crm', 4_500, 4)),
    ]),
    { maxReceiveCount: 2, crashes: 5 },
  ),
  seed: 1,
};

/** A thread that does not end fills the memory of its process while others of the batch are in progress, and while the rest is settled. */
export const RUNAWAY: Plan = {
  ...scenario(
    'a thread that does not end beside slow events',
    40 * MINUTE,
    [
      { at: 0, do: 'operator', command: 'hold', stage: 'crm' },
      ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((pair) => [
        send(pair * SECOND, pair * 2, poison('crm', 'runaway')),
        send(pair * SECOND, pair * 2 + 1, ...slow('crm', 4_000, 1)),
        send(MINUTE, pair * 2, PLAIN),
        send(MINUTE, pair * 2 + 1, PLAIN),
      ]),
      { at: 2 * MINUTE, do: 'operator', command: 'resume', stage: 'crm' },
    ],
    { crashes: 3, redriveThreshold: 20 },
  ),
  users: 16,
  seed: 2,
};

/** A process dies while it delivers for others, its requests arrive late, and its environment has work again immediately. */
export const DEAD_REQUESTS_ARRIVE: Plan = {
  ...scenario(
    'a process that dies with requests under way, in busy traffic',
    20 * MINUTE,
    [
      { at: 0, do: 'operator', command: 'hold', stage: 'crm' },
      ...[1, 2, 3].flatMap((second) => [
        send(second * SECOND, 0, PLAIN),
        send(second * SECOND, 1, {
          ...poison('crm', 'native'),
          slow: { stage: 'crm', takes: 200 },
        }),
      ]),
      { at: 2 * MINUTE, do: 'operator', command: 'resume', stage: 'crm' },
      ...Array.from({ length: 150 }, (_, i) => send(2 * MINUTE - SECOND + i * 400, 2 + (i % 8), PLAIN)),
    ],
    { crashes: 3 },
  ),
  users: 10,
  seed: 48,
  rates: { ...NO_RATES, late: 1 },
};

/** Code that fails on every event degrades the router, and a busy destination is invoked until control has disabled its mapping. */
export const BUSY_WHILE_BLOCKED: Plan = {
  ...scenario('a busy destination when the router is degraded', 20 * MINUTE, [
    ...Array.from({ length: 40 }, (_, i) => send(i * SECOND, 5 + (i % 8), ...slow('crm', 2_000, 1))),
    ...[0, 1, 2, 3, 4].map((user) => send(10 * SECOND, user, poison('router', 'throw'))),
  ]),
  users: 13,
  seed: 2,
};

/** A trial begins the recovery, the mapping hands out what is left, and breaks before more comes. */
export const BREAKS_WHILE_RECOVERING: Plan = {
  ...scenario(
    'the mapping breaks in a recovery that has made progress',
    40 * MINUTE,
    [
      { at: MINUTE, do: 'starve', stage: 'lake', how: 'mapping', length: 14 * MINUTE },
      send(90 * SECOND, 0, PLAIN),
      send(90 * SECOND, 1, PLAIN),
      send(2 * MINUTE, 1, PLAIN),
      { at: 16 * MINUTE, do: 'starve', stage: 'lake', how: 'mapping', length: 24 * MINUTE },
      send(17 * MINUTE, 0, PLAIN),
    ],
    { recoverAfter: 20 },
  ),
  seed: 5727,
};

/**
 * Two environments. The last progress of one is not written, since all is well; a failure in the other puts the door in doubt; and the one
 * delivery between two times in which the mapping hands nothing out is made in the first.
 */
export const FROZEN_WITH_PROGRESS: Plan = {
  ...scenario('an environment is frozen right after a delivery in doubt', 20 * MINUTE, [
    send(100 * SECOND, 0, ...slow('lake', 4_500, 1)),
    send(102 * SECOND, 2, ...slow('lake', 4_500, 1)),
    send(130 * SECOND, 0, PLAIN),
    { at: 195 * SECOND, do: 'refuse', stage: 'lake', reply: 500, share: 1, length: MINUTE },
    send(200 * SECOND, 1, PLAIN),
    { at: 202 * SECOND, do: 'starve', stage: 'lake', how: 'mapping', length: 383 * SECOND },
    { at: 587 * SECOND, do: 'starve', stage: 'lake', how: 'mapping', length: 613 * SECOND },
    send(588 * SECOND, 1, PLAIN),
  ]),
  seed: 24,
};
