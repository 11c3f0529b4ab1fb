/** Control's answers: for a pipeline in trouble, and for a healthy one. */
import pc from 'picocolors';
import type { View } from '../../cli/session.ts';
import type { Crash, LastFailure, LateCrashes } from '../../contract/modes.ts';
import type {
  FoundKey,
  FoundRecord,
  ParkedKey,
  ParkedKeyView,
  RejectedEvent,
} from '../../contract/operator-views.ts';
import type { StageStatus, StatusReport } from '../../contract/status.ts';
import { stageStatusOf } from '../support/stage-status.ts';

export const MINUTE = 60_000;
export const NOW = Date.parse('2026-11-22T21:52:00.000Z');

export const KEY = 'Zx1mJp0rN4vUkAaZr1kQ9f3cYw7TtB5hLd2eGs8oHiM';

export const CRASH: Crash = {
  kind: 'throw',
  error: "TypeError: Cannot read properties of undefined (reading 'plan')",
  stack: [
    "TypeError: Cannot read properties of undefined (reading 'plan')",
    '    at transform (file:///var/task/transform.mjs:3:27)',
    '    at runTransform (file:///var/task/index.mjs:812:20)',
    '    at process (file:///var/task/index.mjs:901:11)',
    '    at run (file:///var/task/index.mjs:990:5)',
  ].join('\n'),
  codeVersion: '3f2a9c0d11e87b64a0c5',
  at: NOW - 13 * MINUTE,
  messageId: '0d7e5a52-6a3f-4d0e-9a53-9d1f4b8c2e11',
  eventId: 'm-poison',
  key: KEY,
};

export const LATE: LateCrashes = {
  count: 3,
  since: NOW - 2 * 60 * MINUTE,
  last: {
    kind: 'late',
    error: 'Error: connect ECONNREFUSED',
    stack: 'Error: connect ECONNREFUSED\n    at enrich (file:///var/task/transform.mjs:9:11)',
    codeVersion: '77aa9c0d11e87b64a0c5',
    at: NOW - 13 * MINUTE,
    messageId: '5b1b9c3e-8f0a-4b57-8d0c-1f2f3a4b5c6d',
    eventId: 'm-late',
  },
};

export const NORMAL_STAGE: StageStatus = stageStatusOf('router', {
  mapping: { state: 'Enabled', maximumConcurrency: 50 },
});

const SINCE = NOW - 12 * MINUTE;
const TRIAL =
  'every minute a trial of up to 10 waiting users: the first event that gets through starts the recovery';
const REASON = '5 messages were redriven within 5 minutes';

export const DEGRADED_ROUTER: StageStatus = {
  ...NORMAL_STAGE,
  mode: 'degraded',
  shut: true,
  epoch: 1,
  since: SINCE,
  troubledSince: SINCE,
  reason: REASON,
  pauseUntil: NOW + 3 * MINUTE,
  gauge: 1,
  waiting: { messages: 1204, keys: 4, own: 1 },
  progress: { deliveredAt: NOW - 14 * MINUTE },
  code: { version: '3f2a9c0d11e87b64a0c5', since: NOW - 20 * MINUTE },
  next: [
    { text: TRIAL },
    { text: 'the pause ends, and recovery starts', at: NOW + 3 * MINUTE },
    { text: 'other code starts the recovery as soon as it answers a probe' },
  ],
  lastCrash: CRASH,
  history: [{ epoch: 1, mode: 'degraded', at: SINCE, reason: REASON }],
  mapping: { state: 'Disabled' },
  queue: { visible: 1204, inFlight: 0 },
  parkedKeys: 5,
  oldestParkedAt: NOW - 14 * MINUTE,
};

export const statusOf = (...stages: readonly StageStatus[]): StatusReport => ({
  pipeline: 'Sluice/Pipeline',
  at: NOW,
  stages,
  orphans: [],
});

export const ALL_NORMAL = statusOf(NORMAL_STAGE, { ...NORMAL_STAGE, id: 'crm' });
export const DEGRADED = statusOf(DEGRADED_ROUTER, { ...NORMAL_STAGE, id: 'crm', shut: true });

export const PARKED_KEY: ParkedKey = {
  stage: 'router',
  key: KEY,
  messages: 2,
  countIsExact: true,
  parkedAt: NOW - 14 * MINUTE,
  nextAttemptAt: NOW + 4 * MINUTE,
  failures: 2,
  reason: 'crashed 3 times',
  crash: CRASH,
};

export const SHOWN: ParkedKeyView = {
  key: PARKED_KEY,
  messages: [
    {
      messageId: '0d7e5a52-6a3f-4d0e-9a53-9d1f4b8c2e11',
      sequence: '18850000000000000012',
      acceptedAt: NOW - 15 * MINUTE,
      parkedAt: NOW - 14 * MINUTE,
      done: 0,
      crash: CRASH,
      events: [{ messageId: 'm-poison', type: 'track' }],
    },
    {
      messageId: '5b1b9c3e-8f0a-4b57-8d0c-1f2f3a4b5c6d',
      sequence: '18850000000000000034',
      acceptedAt: NOW - 10 * MINUTE,
      parkedAt: NOW - 10 * MINUTE,
      done: 1,
      lastError: 'the destination answered 503',
      events: [{ messageId: 'm-later', type: 'identify' }],
    },
  ],
  more: false,
};

export const FAILURE: LastFailure = {
  text: 'the destination answered 503: {"error":"down for maintenance"}',
  at: NOW - 20_000,
  codeVersion: '77aa9c0d11e87b64a0c5',
};

export const REJECTED: RejectedEvent = {
  stage: 'crm',
  id: '9d4b6a0e-51c6-4f0e-8d0c-0f5d8a3a1f77:0:0',
  receivedAt: '2026-11-22T21:20:00.000Z',
  at: NOW - 32 * MINUTE,
  reason: 'the destination answered 422',
  sourceId: 'web',
  size: 1234,
  sha256: 'ab'.repeat(32),
  count: 1,
  discarded: false,
  answer: { status: 422, body: '{"error":"no such plan"}' },
};

/** A view of the local run, without colours. */
export const view: View = {
  now: NOW,
  colors: pc.createColors(false),
  command: (text) => `npx sluice ${text}`,
  deploy: 'npx sluice redeploy',
};

/** When what `find` finds was kept. */
export const FOUND_AT = Date.UTC(2026, 10, 22, 21, 37);
/** What `find` has found: parked; and rejected. */
export const foundKey = (changes: Partial<FoundKey> = {}): FoundKey => ({
  stage: 'crm',
  key: KEY,
  messages: 3,
  countIsExact: true,
  parkedAt: FOUND_AT,
  nextAttemptAt: FOUND_AT,
  failures: 1,
  reason: 'it crashed 3 times: TypeError',
  source: 'web',
  events: 2,
  oldestAcceptedAt: FOUND_AT,
  ...changes,
});
export const foundRecord = (changes: Partial<FoundRecord> = {}): FoundRecord => ({
  stage: 'lake',
  id: 'record-1',
  receivedAt: new Date(FOUND_AT).toISOString(),
  at: FOUND_AT,
  reason: 'answered 400',
  sourceId: 'web',
  size: 200,
  sha256: 'ab',
  count: 5,
  discarded: false,
  events: 1,
  ...changes,
});
