/** How long a failed message is hidden: a trial can only try messages that are visible. */
import { describe, expect, it } from '@jest/globals';
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { STAGE } from '../../support/memory-stage.ts';

const FAILURES: readonly (readonly [string, Outcome])[] = [
  ['a destination that fails', { kind: 'retry', reason: '503' }],
  ['a destination that asks for an hour', { kind: 'retry', reason: '429', retryAfter: 3_600_000 }],
  ['a missing permission', { kind: 'fault', reason: 'AccessDenied: queue', access: true }],
];

/** @returns the seconds for which a message that has failed often is hidden in such a stage */
const hiddenFor = async (mode: Partial<ModeRecord>, outcome: Outcome): Promise<number | undefined> => {
  const stage = new DrainStage();
  stage.setMode(STAGE, { epoch: 2, since: 1, windowFrom: stage.now, ...mode });
  stage.state.attempts.set('a1', { failures: 20, charges: 0 });
  stage.results.set('a1', outcome);
  await stage.run([stage.message('a1', 'a', { receiveCount: 21 })]);
  return stage.queue.visibility.get('a1');
};

describe.each(FAILURES)('after %s a message is hidden', (_, outcome) => {
  it.each<[string, Partial<ModeRecord>]>([
    ['is normal', { mode: 'normal' }],
    ['recovers, and something got through', { mode: 'recovering', proven: true }],
  ])('for the whole backoff in a stage that %s', async (__, mode) => {
    expect(await hiddenFor(mode, outcome)).toBeGreaterThanOrEqual(150);
  });

  it.each<[string, Partial<ModeRecord>]>([
    ['recovers, and nothing got through', { mode: 'recovering', proven: false }],
    ['is degraded by this failure', { mode: 'recovering', proven: false, troubleFrom: Date.UTC(2025, 0, 1) }],
  ])('for a minute at most in a stage that %s', async (__, mode) => {
    expect(await hiddenFor(mode, outcome)).toBeLessThanOrEqual(60);
  });
});
