/** States of a pipeline, for the tests and the screenshots. */
import type { Scene } from './fake-run.ts';
import {
  accessDenied,
  afterDegraded,
  alarms,
  crash,
  degradedHistory,
  EVENT,
  failure,
  key,
  late,
  message,
  MINUTE,
  now,
  parkedFor,
  rejection,
  SECOND,
  stage,
  traffic,
} from './scene-parts.ts';

export const normal = (): Scene => ({
  stages: [stage('router'), stage('crm', { queue: { visible: 3, inFlight: 10 } }), stage('warehouse')],
  parked: [],
  messages: [],
  rejected: [],
  alarms,
  series: traffic(() => true),
  content: EVENT,
});

export const degraded = (): Scene => ({
  ...normal(),
  stages: [
    stage('router', {
      mode: 'degraded',
      shut: true,
      epoch: 4,
      since: now - 3 * MINUTE,
      troubledSince: now - 12 * MINUTE,
      reason: '5 messages were redriven within 5 minutes',
      pauseUntil: now + 7 * MINUTE,
      gauge: 1,
      waiting: { messages: 2148, keys: 1, own: 1 },
      progress: { deliveredAt: now - 4 * MINUTE },
      code: { version: '5f0c9a17b2d4', since: now - 5 * MINUTE },
      next: afterDegraded(now + 7 * MINUTE),
      history: degradedHistory,
      lastCrash: crash,
      queue: { visible: 2148, inFlight: 0 },
      mapping: { state: 'Disabled' },
      parkedKeys: 2,
      oldestParkedAt: now - 5 * MINUTE,
    }),
    stage('crm', {
      shut: true,
      waiting: { messages: 31, keys: 1, own: 0 },
      parkedKeys: 1,
      oldestParkedAt: now - 5 * MINUTE,
      queue: { visible: 31, inFlight: 0 },
      mapping: { state: 'Disabled' },
      lastFailure: failure,
      next: [{ text: 'it waits for the router, which blocks every destination' }],
    }),
    stage('warehouse', {
      shut: true,
      waiting: { messages: 12, keys: 0, own: 0 },
      queue: { visible: 12, inFlight: 0 },
      mapping: { state: 'Disabled' },
      lateCrashes: late,
    }),
  ],
  parked: [key(0), key(1), key(2, { stage: 'crm', reason: 'its head has failed for 15 minutes' })],
  messages: [message(0), message(1), message(2)],
  rejected: [
    rejection(0),
    rejection(1, { discarded: true, reason: 'a test order', stage: 'router', count: 2 }),
  ],
  alarms: alarms.map((one) =>
    one.name === 'router degraded' ? { ...one, state: 'ALARM', reason: 'DegradedMode was 1' } : one,
  ),
  series: traffic((minutes) => minutes > 12 || (minutes < 8 && minutes > 3)),
});

export const recovering = (): Scene => {
  const scene = degraded();
  const [router = stage('router'), ...rest] = scene.stages;
  const at = now - 40 * SECOND;
  const history = [
    ...degradedHistory,
    { epoch: 5, mode: 'recovering' as const, at, reason: 'an operator resumed it' },
  ];
  return {
    ...scene,
    stages: [
      {
        ...router,
        mode: 'recovering',
        shut: false,
        since: at,
        successes: 7,
        reason: 'an operator resumed it',
        history,
        next: [
          {
            text: 'its window ends: normal, if something got through in it or nothing was left to do',
            at: now + 4 * MINUTE + 20 * SECOND,
          },
          { text: 'normal earlier, after 20 messages that got through: 7 so far' },
        ],
      },
      ...rest.map((one) => ({ ...one, shut: false, next: [] })),
    ],
  };
};

export const held = (): Scene => {
  const scene = normal();
  const router = stage('router', {
    held: true,
    shut: true,
    troubledSince: now - MINUTE,
    reason: 'held: the warehouse is being moved',
    next: [{ text: 'an operator must resume it: it is held' }],
  });
  return { ...scene, stages: [router, ...scene.stages.slice(1).map((one) => ({ ...one, shut: true }))] };
};

/** The system is normal; one destination is down, another is not allowed to read its secret, a third has just failed for the first time. */
export const destinationsDown = (): Scene => ({
  ...normal(),
  stages: [
    stage('router', { progress: { deliveredAt: now - 2 * SECOND } }),
    stage('crm', {
      mode: 'degraded',
      shut: true,
      epoch: 1,
      since: now - 2 * MINUTE,
      troubledSince: now - 2 * MINUTE,
      reason:
        '20 deliveries of at least 2 users failed, and nothing got through for 2 minutes: the destination answered 503: {"error":"down for maintenance"}',
      pauseUntil: now + 3 * MINUTE,
      gauge: 1,
      waiting: { messages: 431, keys: 12, own: 2 },
      progress: { deliveredAt: now - 5 * MINUTE },
      code: { version: '5f0c9a17b2d4', since: now - 52 * MINUTE },
      lastFailure: failure,
      lastRejection: {
        text: 'the destination refused it: 400: {"error":"email is not an address"}',
        at: now - 20 * MINUTE,
        codeVersion: '5f0c9a17b2d4',
      },
      next: afterDegraded(now + 3 * MINUTE),
      history: [
        {
          epoch: 1,
          mode: 'degraded',
          at: now - 2 * MINUTE,
          reason: '20 deliveries of at least 2 users failed, and nothing got through for 2 minutes',
        },
      ],
      queue: { visible: 431, inFlight: 0 },
      mapping: { state: 'Disabled' },
      parkedKeys: 14,
      oldestParkedAt: now - 3 * MINUTE,
    }),
    stage('warehouse', {
      mode: 'recovering',
      epoch: 2,
      since: now - MINUTE,
      troubledSince: now - 8 * MINUTE,
      reason: 'the pause is over',
      gauge: 1,
      waiting: { messages: 80, keys: 0, own: 0 },
      code: { version: '5f0c9a17b2d4', since: now - 52 * MINUTE },
      lastRefusal: accessDenied,
      next: [
        { text: 'degraded again, if it still fails and nothing has got through', at: now + MINUTE },
        {
          text: 'its window ends: normal, if something got through in it or nothing was left to do',
          at: now + 4 * MINUTE,
        },
      ],
      queue: { visible: 78, inFlight: 2 },
    }),
    stage('mail', {
      waiting: { messages: 1, keys: 0, own: 0 },
      lastFailure: {
        text: 'the destination did not answer within 10 s',
        at: now - 4 * SECOND,
        codeVersion: '',
      },
      next: [
        {
          text: 'degraded at the latest, if nothing has got through by then',
          at: now + 9 * MINUTE + 50 * SECOND,
        },
      ],
      queue: { visible: 0, inFlight: 1 },
    }),
  ],
  parked: [1, 2].map((n) => parkedFor(n, failure.text)),
  alarms: alarms.map((one) =>
    one.name === 'crm degraded' ? { ...one, state: 'ALARM', reason: 'DegradedMode was 1' } : one,
  ),
});
