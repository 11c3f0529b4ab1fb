/** Several parked messages that are worked on as one: what is deleted, in which order, and where a failure belongs. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { OWN_TROUBLE } from '../../../lambdas/core/stage/own-trouble.ts';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { crash, DrainStage } from '../../support/drain-stage.ts';
import { DELIVERED, STAGE } from '../../support/memory-stage.ts';
import { MINUTE, SECOND } from '../../support/mode-settings.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

/** A worker's run, of a stage that takes up to 3 messages as one. */
const drain = (): Promise<boolean> => stage.drain('a', { ports: { process: stage.takingUnits(3) } });

const attemptOf = (id: string) => stage.parking.messages(STAGE, 'a').find((one) => one.id === id)?.attempt;

const REFUSED: Outcome = { kind: 'retry', reason: 'answered 503', progress: { events: 2 } };

describe('messages that are drained as one', () => {
  it('are deleted one by one, the oldest first, when all of it is done; the next begin only then', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3', 'a4');
    const sorts = stage.parking.messages(STAGE, 'a').map(({ sort }) => sort);
    await drain();
    expect(stage.calls.filter((call) => /^(process|parking.delete)/.test(call))).toEqual([
      'process a1+a2+a3',
      ...sorts.slice(0, 3).map((sort) => `parking.deleteMessage a ${sort}`),
      'process a4',
      `parking.deleteMessage a ${sorts[3] ?? ''}`,
      expect.stringMatching(/^parking.deleteHead a/),
    ]);
    expect(stage.events).toEqual([{ type: 'drained', key: 'a', messages: 4, emptied: true }]);
  });

  it('are deleted up to the first that is not done, which keeps its progress and the backoff', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    stage.results.set('a2', REFUSED);
    await drain();
    expect(stage.parked('a')).toEqual(['a2', 'a3']);
    expect(attemptOf('a2')).toMatchObject({
      failures: 1,
      progress: { events: 2 },
      lastError: 'answered 503',
    });
    expect(attemptOf('a3')).toBeUndefined();
    expect(stage.head()).toMatchObject({ failures: 1, nextAttemptAt: stage.now + SECOND / 2 });
    expect(stage.events).toMatchObject([
      { type: 'drain failed', messageId: 'a2', why: 'retry' },
      { type: 'drained', messages: 1 },
    ]);
  });

  it('count a crash for the message at which it happened', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    stage.results.set('a3', () => {
      const error = 'TypeError: no such property';
      return { kind: 'crash', crash: { kind: 'throw', error } };
    });
    await drain();
    expect(stage.parked('a')).toEqual(['a3']);
    expect(attemptOf('a3')?.crash).toMatchObject({ error: 'TypeError: no such property' });
  });

  it('of which the work itself throws have not begun: it is the failure of the first', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    stage.results.set('a1', crash);
    await drain();
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(attemptOf('a1')?.crash?.error).toContain('no such property');
  });

  it('stop for lack of time at the first that is not done, uncounted', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    stage.results.set('a2', { kind: 'stopped', progress: { events: 1 } });
    expect(await drain()).toBe(true);
    expect(stage.parked('a')).toEqual(['a2', 'a3']);
    expect(attemptOf('a2')).toEqual({ failures: 0, progress: { events: 1 } });
    expect(stage.head()).toMatchObject({ failures: 0, nextAttemptAt: stage.now });
  });

  it('are a suffix of themselves when a deletion fails, and begin again from the first that is left, which is alone', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    const second = stage.parking.messages(STAGE, 'a')[1]?.sort ?? '';
    stage.faults.set(`parking.deleteMessage a ${second}`, 'before');
    await drain();
    expect(stage.parked('a')).toEqual(['a2', 'a3']);
    stage.faults.clear();
    stage.now += MINUTE;
    await drain();
    expect(stage.processed()).toEqual(['a1+a2+a3', 'a2', 'a3']);
  });

  it('are reported as one to the mode machine', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    stage.setMode(STAGE, { mode: 'recovering', epoch: 1 });
    await drain();
    expect(stage.called('note').filter((call) => call === 'progress')).toHaveLength(1);
  });

  it('begin only while the stage is open and there is time, as a single message does', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3', 'a4');
    stage.results.set('a2', () => ((stage.timeLeft = 1), DELIVERED));
    await drain();
    expect(stage.processed()).toEqual(['a1+a2+a3']);
    expect(stage.parked('a')).toEqual(['a4']);
  });
});

describe('a message is worked on alone', () => {
  it('when something is known of its attempts; those before it and behind it are not', async () => {
    await stage.parking.touchHead(STAGE, 'a', { token: 't0', now: stage.now, reason: 'poison' });
    stage.state.attempts.set('a3', { failures: 1, progress: { events: 1 } });
    const batch = ['a1', 'a2', 'a3', 'a4', 'a5'].map((id) => stage.message(id, 'a', { receiveCount: 2 }));
    await stage.run(batch);
    await drain();
    expect(stage.processed()).toEqual(['a1+a2', 'a3', 'a4+a5']);
  });

  it('in a stage that takes no units', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    await stage.drain();
    expect(stage.processed()).toEqual(['a1', 'a2']);
  });

  it('when its key failed last time; then the others follow as one', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    stage.faults.set('parking.page', 'before');
    await drain();
    stage.faults.clear();
    stage.now += MINUTE;
    await drain();
    expect(stage.processed()).toEqual(['a1', 'a2+a3']);
  });

  it('when the process of the drain before it died, and so are all of that run: any may have ended it', async () => {
    await stage.parkAll('a', 'a1', 'a2', 'a3');
    const lease = {
      owner: 'drain:dead',
      now: stage.now,
      until: stage.now + 1,
      nextAttemptAt: 0,
      triedEpoch: 0,
    };
    await stage.parking.takeLease(STAGE, { key: 'a', failures: 0 }, lease);
    stage.now += MINUTE;
    await drain();
    expect(stage.processed()).toEqual(['a1', 'a2', 'a3']);
  });

  it('while its key is in trouble of its own', async () => {
    await stage.parking.touchHead(STAGE, 'a', { token: 't0', now: stage.now, reason: `${OWN_TROUBLE}503` });
    await stage.run(['a1', 'a2', 'a3', 'a4'].map((id) => stage.message(id, 'a')));
    stage.results.set('a1', { kind: 'done', shown: { delivered: 0, filtered: 0, rejected: 1 } });
    await drain();
    // Of a1 nothing got through; a2 ends the trouble.
    expect(stage.processed()).toEqual(['a1', 'a2', 'a3+a4']);
  });
});
