/** Situations of a pipeline, for the tests and the pictures. */
import type { Crash, LastFailure, LateCrashes, ModeChange } from '../../contract/modes.ts';
import type { ParkedKey, ParkedMessageView, RejectedEvent, StageStatus } from '../../contract/operations.ts';
import type { AlarmView, FlowSeries } from '../../local/console/contract.ts';
import type { Scene } from './fake-run.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const STEP = 5 * SECOND;
const now = Date.now();

export const stage = (id: string, change: Partial<StageStatus> = {}): StageStatus => ({
  id,
  mode: 'normal',
  held: false,
  shut: false,
  epoch: 0,
  reason: '',
  successes: 0,
  redrives: 0,
  spill: false,
  gauge: 0,
  probeFailures: 0,
  waiting: { messages: 0, keys: 0, own: 0 },
  progress: {},
  next: [],
  history: [],
  mapping: { state: 'Enabled', maximumConcurrency: 10 },
  queue: { visible: 0, inFlight: 0 },
  deadLetters: 0,
  parkedKeys: 0,
  ...change,
});

export const crash: Crash = {
  kind: 'throw',
  error: "TypeError: Cannot read properties of undefined (reading 'currency')",
  stack: [
    "TypeError: Cannot read properties of undefined (reading 'currency')",
    '    at toRevenue (transforms/all.ts:14:31)',
    '    at transform (transforms/all.ts:32:12)',
    '    at runTransform (lambdas/core/event/transform.ts:41:24)',
    '    at Router.process (lambdas/router/router.ts:96:28)',
  ].join('\n'),
  codeVersion: '5f0c9a17b2d4',
  at: now - 3 * MINUTE - 12 * SECOND,
  messageId: 'f3c1f0f2-62b8-4d6a-9c3b-a6f1f4f6d1c4',
  eventId: 'order-completed-0',
  key: 'pWm0yLr0w5x0b7VxwzC6vD3kF8m1q2s4u6y8A0C2E4G',
};

export const late: LateCrashes = {
  count: 3,
  since: now - 55 * MINUTE,
  last: {
    kind: 'late',
    error: 'Error: connect ECONNREFUSED 10.0.0.7:443',
    stack: 'Error: connect ECONNREFUSED 10.0.0.7:443\n    at enrich (transforms/all.ts:51:9)',
    codeVersion: '5f0c9a17b2d4',
    at: now - 9 * MINUTE - 5 * SECOND,
    messageId: '0a2b1c7e-9d64-4b0e-8f57-3c1d2e4f5a6b',
    eventId: 'page-viewed-7',
  },
};

export const failure: LastFailure = {
  text: 'the destination answered 503: {"error":"down for maintenance"}',
  at: now - 4 * MINUTE - 2 * SECOND,
  codeVersion: '5f0c9a17b2d4',
};

export const degradedHistory: readonly ModeChange[] = [
  { epoch: 1, mode: 'degraded', at: now - 12 * MINUTE, reason: '5 messages were redriven within 5 minutes' },
  { epoch: 2, mode: 'recovering', at: now - 8 * MINUTE, reason: 'other code was deployed' },
  { epoch: 3, mode: 'normal', at: now - 7 * MINUTE, reason: '20 messages got through' },
  { epoch: 4, mode: 'degraded', at: now - 3 * MINUTE, reason: '5 messages were redriven within 5 minutes' },
];

/** Fifteen minutes of traffic. `flows`: whether anything is delivered, so many minutes ago. */
export const traffic = (flows: (minutesAgo: number) => boolean): FlowSeries => {
  const count = 180;
  const at = Array.from({ length: count }, (_, i) => now - (count - i) * STEP);
  const accepted = at.map((_, i) => Math.round(60 + 22 * Math.sin(i / 9) + 9 * Math.sin(i / 2.3)));
  let waiting = 0;
  const backlog: number[] = [];
  const delivered = accepted.map((arrived, i) => {
    waiting += arrived;
    const sent = flows(((count - i) * STEP) / MINUTE) ? Math.min(waiting, 150) : 0;
    waiting -= sent;
    backlog.push(waiting);
    return sent;
  });
  return { step: STEP, at, accepted, delivered, backlog };
};

export const quietSeries = (from: number): FlowSeries => ({
  step: STEP,
  at: [from],
  accepted: [0],
  delivered: [0],
  backlog: [0],
});

export const key = (n: number, change: Partial<ParkedKey> = {}): ParkedKey => ({
  stage: 'router',
  key: `${n}Wm0yLr0w5x0b7VxwzC6vD3kF8m1q2s4u6y8A0C2E4G`,
  messages: 3 + n,
  countIsExact: true,
  parkedAt: now - (4 * MINUTE + n * 20 * SECOND),
  nextAttemptAt: now + (2 + n) * MINUTE,
  failures: n,
  reason: 'crashed 3 times',
  crash,
  ...change,
});

/** A key of `crm` that failed, and did not crash. */
const parkedFor = (n: number, reason: string): ParkedKey => {
  const parked = { ...key(n, { stage: 'crm', reason }) };
  delete parked.crash;
  return parked;
};

export const message = (n: number): ParkedMessageView => ({
  messageId: `0c7b54c6-0000-4d1a-9c3b-${String(n).padStart(12, '0')}`,
  sequence: String(n).padStart(39, '0'),
  acceptedAt: now - 5 * MINUTE + n * SECOND,
  parkedAt: now - 4 * MINUTE + n * SECOND,
  done: n === 0 ? 1 : 0,
  ...(n === 0 ? { crash } : {}),
  events: [{ messageId: `order-completed-${n}`, type: 'track' }],
});

export const rejection = (n: number, change: Partial<RejectedEvent> = {}): RejectedEvent => ({
  stage: 'crm',
  id: `record-${n}`,
  receivedAt: new Date(now - 30 * MINUTE).toISOString(),
  at: now - (20 + n) * MINUTE,
  reason: 'the destination refused it: 400',
  sourceId: 'web',
  size: 812 + 700 * n,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  count: 1,
  discarded: false,
  answer: { status: 400, body: '{"error":"email is not an address"}' },
  ...change,
});

const alarm = (name: string, state: AlarmView['state'], reason = ''): AlarmView => ({
  name,
  state,
  since: now - 3 * MINUTE,
  reason,
});

const alarms = [
  alarm('router degraded', 'OK'),
  alarm('crm degraded', 'OK'),
  alarm('control’s heartbeat', 'OK'),
  alarm('oldest message above 15 minutes', 'OK'),
  alarm('pager subscription fails', 'INSUFFICIENT_DATA'),
];

const EVENT = {
  type: 'track',
  event: 'Order Completed',
  userId: 'ada',
  properties: { order: { id: 'A-17' } },
};

export const normal = (): Scene => ({
  stages: [stage('router'), stage('crm', { queue: { visible: 3, inFlight: 10 } }), stage('warehouse')],
  parked: [],
  messages: [],
  rejected: [],
  alarms,
  series: traffic(() => true),
  content: EVENT,
});

/** As control words it. */
const afterDegraded = (pauseUntil: number): StageStatus['next'] => [
  {
    text: 'every minute a trial of up to 10 waiting users: the first event that gets through starts the recovery',
  },
  { text: 'the pause ends, and recovery starts', at: pauseUntil },
  { text: 'other code starts the recovery as soon as it answers a probe' },
];

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

const accessDenied: LastFailure = {
  text:
    'GetSecretValue of crm-token failed: AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/Sluice-Deliver/deliver ' +
    'is not authorized to perform: secretsmanager:GetSecretValue',
  at: now - 20 * SECOND,
  codeVersion: '5f0c9a17b2d4',
};

/** The system is well; one destination is down, another is not allowed to read its secret, a third has just failed for the first time. */
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
