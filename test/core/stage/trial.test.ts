/** A trial of a degraded stage: when it may run, what it reports, and when it stops. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { OWN_TROUBLE } from '../../../lambdas/core/stage/own-trouble.ts';
import { DELIVERED, STAGE } from '../../support/memory-stage.ts';
import { SECOND } from '../../support/mode-settings.ts';
import { EPOCH, TrialStage } from '../../support/trial-stage.ts';

let stage: TrialStage;
beforeEach(() => {
  stage = new TrialStage();
});

const mode = () => stage.state.mode(STAGE).mode;
const visibility = () => Object.fromEntries(stage.queue.visibility);
const retry: Outcome = { kind: 'retry', reason: '503' };

describe('a trial', () => {
  it('that gets a message of the queue through begins the recovery; the message is deleted, the rest is given back', async () => {
    stage.waiting('a1', 'a2', 'b1');
    await stage.trial();
    expect(stage.processed()).toEqual(['a1']);
    expect(mode()).toBe('recovering');
    expect(stage.queue.deleted).toEqual(['a1']);
    expect(visibility()).toEqual({ a2: 0, b1: 0 });
    expect(stage.events.at(-1)).toMatchObject({ type: 'tried', messageId: 'a1', gotThrough: true });
  });

  it('is reported as a trial; its progress is stored before, so it does not count for recovering', async () => {
    stage.waiting('a1');
    const begunAt = stage.now;
    stage.results.set('a1', () => {
      stage.now += SECOND;
      return DELIVERED;
    });
    await stage.trial();
    expect(stage.calls.filter((call) => /^(note|state.saveProgress)/.test(call))).toEqual([
      'state.saveProgress',
      'note tried',
    ]);
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: begunAt });
    expect(stage.state.mode(STAGE)).toMatchObject({ proven: false, successes: 0 });
  });

  it('is marked as a trial for the work on the message, without trouble of its own', async () => {
    await stage.parking.touchHead(STAGE, 'a', { token: 't', now: stage.now, reason: `${OWN_TROUBLE}x` });
    await stage.park('a', 'a1');
    const given: unknown[] = [];
    await stage.trial({
      ports: {
        process: ({ id }, { isTrial, inOwnTrouble }) => {
          given.push([id, isTrial, inOwnTrouble]);
          return Promise.resolve(DELIVERED);
        },
      },
    });
    expect(given).toEqual([['a1', true, false]]);
  });

  it.each<[string, () => void]>([
    ['normal', () => stage.setMode(STAGE, {})],
    ['recovering', () => stage.setMode(STAGE, { mode: 'recovering' })],
    ['held', () => stage.setMode(STAGE, { mode: 'degraded', held: true })],
    ['blocked by the router', () => stage.setMode('router', { mode: 'degraded' })],
    ['blocked by a hold of the router', () => stage.setMode('router', { held: true })],
    ['without time', () => (stage.timeLeft = 9 * SECOND)],
  ])('of a stage that is %s tries nothing, and receives nothing', async (_, prepare) => {
    stage.waiting('a1');
    prepare();
    await stage.trial();
    expect(stage.called('queue.receive')).toEqual([]);
    expect(stage.processed()).toEqual([]);
  });

  it('of the router depends on its own mode only', async () => {
    stage.setMode('router', { mode: 'degraded', epoch: EPOCH });
    stage.waiting('a1');
    await stage.trial({ stage: { isDestination: false } });
    expect(stage.processed()).toEqual(['a1']);
  });

  it.each<[string, () => void]>([
    ['the stage is held', () => stage.setMode(STAGE, { mode: 'degraded', epoch: EPOCH, held: true })],
    ['the router blocks it', () => stage.setMode('router', { mode: 'degraded' })],
    ['it recovers without the trial', () => stage.setMode(STAGE, { mode: 'recovering', epoch: EPOCH + 1 })],
    ['it was degraded again', () => stage.setMode(STAGE, { mode: 'degraded', epoch: EPOCH + 2 })],
    ['time is nearly used up', () => (stage.timeLeft = 9 * SECOND)],
  ])('stops before the next message when in the meantime %s', async (_, happen) => {
    stage.waiting('a1', 'b1');
    stage.results.set('a1', () => {
      happen();
      return retry;
    });
    await stage.trial();
    expect(stage.processed()).toEqual(['a1']);
    expect(visibility()).toEqual({ a1: 0, b1: 0 });
  });
});
