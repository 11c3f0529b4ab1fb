/** Situations of a pipeline, for the tests and the pictures. */
import type {
  CrashReport,
  LateCrashes,
  ModeChange,
  ParkedKey,
  ParkedMessageView,
  RejectedEvent,
  StageStatus,
} from '../../config/operations.ts';
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
  history: [],
  mapping: { state: 'Enabled', maximumConcurrency: 10 },
  queue: { visible: 0, inFlight: 0 },
  deadLetters: 0,
  parkedKeys: 0,
  ...change,
});

export const crash: CrashReport = {
  kind: 'throw',
  error: "TypeError: Cannot read properties of undefined (reading 'currency')",
  stack: [
    "TypeError: Cannot read properties of undefined (reading 'currency')",
    '    at toRevenue (transforms/all.ts:14:31)',
    '    at transform (transforms/all.ts:32:12)',
    '    at runTransform (lambdas/core/transform.ts:41:24)',
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

export const degradedHistory: readonly ModeChange[] = [
  { epoch: 1, mode: 'degraded', at: now - 12 * MINUTE, reason: '5 messages were redriven within 5 minutes' },
  { epoch: 2, mode: 'recovering', at: now - 8 * MINUTE, reason: 'another code version answers' },
  { epoch: 3, mode: 'normal', at: now - 7 * MINUTE, reason: '20 messages processed' },
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
      history: degradedHistory,
      lastCrash: crash,
      queue: { visible: 2148, inFlight: 0 },
      mapping: { state: 'Disabled' },
      parkedKeys: 3,
      oldestParkedAt: now - 5 * MINUTE,
    }),
    stage('crm', { shut: true, queue: { visible: 31, inFlight: 0 }, mapping: { state: 'Disabled' } }),
    stage('warehouse', {
      shut: true,
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
  const history = [...degradedHistory, { epoch: 5, mode: 'recovering' as const, at, reason: 'resumed' }];
  return {
    ...scene,
    stages: [
      { ...router, mode: 'recovering', shut: false, since: at, successes: 7, reason: 'resumed', history },
      ...rest.map((one) => ({ ...one, shut: false })),
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
  });
  return { ...scene, stages: [router, ...scene.stages.slice(1).map((one) => ({ ...one, shut: true }))] };
};
