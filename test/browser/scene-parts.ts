/** Parts of the scenes: crashes, failures, parked keys, rejected events, alarms and traffic. */
import type { Crash, LastFailure, LateCrashes, ModeChange } from '../../contract/modes.ts';
import type { ParkedKey, ParkedMessageView, RejectedEvent } from '../../contract/operator-views.ts';
import type { StageStatus } from '../../contract/status.ts';
import type { AlarmView, FlowSeries } from '../../local/console/contract.ts';
import { stageStatusOf } from '../support/stage-status.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
const STEP = 5 * SECOND;
export const now = Date.now();

export const stage = stageStatusOf;

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

/** Fifteen minutes of traffic. `flows`: whether anything was delivered this many minutes ago. */
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

/** A key of `crm` that failed without a crash. */
export const parkedFor = (n: number, reason: string): ParkedKey => {
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

export const alarms = [
  alarm('router degraded', 'OK'),
  alarm('crm degraded', 'OK'),
  alarm('control’s heartbeat', 'OK'),
  alarm('oldest message above 15 minutes', 'OK'),
  alarm('pager subscription fails', 'INSUFFICIENT_DATA'),
];

export const EVENT = {
  type: 'track',
  event: 'Order Completed',
  userId: 'ada',
  properties: { order: { id: 'A-17' } },
};

/** As control words it. */
export const afterDegraded = (pauseUntil: number): StageStatus['next'] => [
  {
    text: 'every minute a trial of up to 10 waiting users: the first event that gets through starts the recovery',
  },
  { text: 'the pause ends, and recovery starts', at: pauseUntil },
  { text: 'other code starts the recovery as soon as it answers a probe' },
];

export const accessDenied: LastFailure = {
  text:
    'GetSecretValue of crm-token failed: AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/Sluice-Deliver/deliver ' +
    'is not authorized to perform: secretsmanager:GetSecretValue',
  at: now - 20 * SECOND,
  codeVersion: '5f0c9a17b2d4',
};
