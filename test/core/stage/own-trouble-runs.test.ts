/** A key in trouble of its own, from the queue to the parking table and back: it is excused, and does not affect others. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { inOwnTrouble, OWN_TROUBLE } from '../../../lambdas/core/stage/own-trouble.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import { crash, DrainStage } from '../../support/drain-stage.ts';
import { DELIVERED, STAGE } from '../../support/memory-stage.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

const retry: Outcome = { kind: 'retry', reason: '403' };
const reason = () => stage.head()?.reason;
const notes = () => stage.called('note');

/** Other keys get through, a moment from now. */
const others = async (key = 'z') => {
  stage.now += SECOND;
  await stage.run([stage.message(`${key}${stage.now}`, key)]);
  stage.now += SECOND;
};

describe('a message of the queue that keeps failing', () => {
  const failing = (more: Partial<Attempt> = {}) => {
    stage.state.attempts.set('a1', {
      ...{ failures: 9, charges: 0, firstFailedAt: stage.now - 15 * MINUTE },
      ...{ lastFailedAt: stage.now - MINUTE, excused: 2, ...more },
    });
    stage.state.progress.set(STAGE, { deliveredAt: stage.now - SECOND });
    stage.results.set('a1', retry);
    return [
      stage.message('a1', 'a', { receiveCount: 10 }),
      stage.message('a2', 'a'),
      stage.message('b1', 'b'),
    ];
  };

  it('while others get through is parked immediately, as trouble of its own, and not counted', async () => {
    expect(await stage.run(failing())).toEqual([]);
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(reason()).toBe(`${OWN_TROUBLE}it has failed for 15 minutes: 403`);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toMatchObject({ failures: 10, excused: 3 });
    expect(stage.state.mode(STAGE).redrives).toEqual([]);
    expect(stage.events.filter(({ type }) => type === 'parked')).toMatchObject([
      { message: { id: 'a1' }, counted: false },
      { message: { id: 'a2' }, counted: false },
    ]);
    expect(notes()).toEqual([]);
  });

  it('is also parked in a stage that recovers', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, since: 1, windowFrom: stage.now });
    expect(await stage.run(failing())).toEqual([]);
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(notes()).not.toContain('failed');
  });

  it.each<[string, Partial<Attempt>]>([
    ['has not failed long enough', { firstFailedAt: Date.UTC(2026, 0, 1) - 15 * MINUTE + 1 }],
    ['was not excused as often', { excused: 1 }],
    ['failed after the last progress', { lastFailedAt: Date.UTC(2026, 0, 1) }],
  ])('stays in the queue if it %s', async (_, more) => {
    expect(await stage.run(failing(more))).toEqual(['a1', 'a2']);
    expect(stage.parked('a')).toEqual([]);
    expect(notes()).toContain('failed');
  });

  it('because AWS refuses it is parked the same way', async () => {
    const batch = failing();
    stage.results.set('a1', { kind: 'fault', reason: 'AccessDenied: queue', access: true });
    expect(await stage.run(batch)).toEqual([]);
    expect(reason()).toBe(`${OWN_TROUBLE}it has failed for 15 minutes: AccessDenied: queue`);
  });

  it('because AWS is down is charged to no key', async () => {
    const batch = failing();
    stage.results.set('a1', { kind: 'fault', reason: 'timeout' });
    expect(await stage.run(batch)).toEqual(['a1', 'a2']);
    expect(stage.state.attempts.get('a1')).toMatchObject({ failures: 9, excused: 2 });
  });

  it('starts over when it makes progress', async () => {
    const batch = failing();
    stage.results.set('a1', { ...retry, progress: { events: 1 } });
    expect(await stage.run(batch)).toEqual(['a1', 'a2']);
    expect(stage.state.attempts.get('a1')).toMatchObject({ failures: 1, excused: 1 });
  });

  it('is not excused by its own progress', async () => {
    stage.results.set('a1', { ...retry, shown: { delivered: 1, filtered: 0, rejected: 0 } });
    for (let receiveCount = 1; receiveCount < 9; receiveCount++) {
      await stage.run([stage.message('a1', 'a', { receiveCount })]);
      stage.now += MINUTE;
    }
    expect(stage.state.attempts.get('a1')).toMatchObject({ failures: 8, excused: 1 });
  });

  it('keeps no charge if it cannot be parked', async () => {
    stage.faults.set('parking.putMessage', 'before');
    expect(await stage.run(failing())).toEqual(['a1', 'a2']);
    expect(stage.state.attempts.get('a1')?.charges).toBe(0);
  });
});

describe('a message that keeps crashing while others get through', () => {
  const crashes = async () => {
    stage.results.set('a1', crash);
    for (let receiveCount = 1; receiveCount <= 4; receiveCount++) {
      await stage.run([stage.message('a1', 'a', { receiveCount })]);
      await others();
    }
  };

  it('is redriven, and marked as trouble of its own', async () => {
    await crashes();
    expect(reason()).toBe(`${OWN_TROUBLE}it crashed 3 times: TypeError: no such property`);
    expect(stage.state.mode(STAGE).redrives).toHaveLength(1);
  });

  it('is parked without a redrive where each attempt is of another epoch, and its last crash is not reported', async () => {
    stage.results.set('a1', crash);
    for (let epoch = 1; epoch <= 3; epoch++) {
      await others();
      stage.setMode(STAGE, { epoch });
      stage.calls.length = 0;
      const kept = await stage.run([stage.message('a1', 'a', { receiveCount: epoch })]);
      expect(kept).toEqual(epoch < 3 ? ['a1'] : []);
      expect(notes()).toEqual(epoch < 3 ? ['crashed'] : []);
    }
    expect(reason()).toBe(`${OWN_TROUBLE}it crashes: TypeError: no such property`);
    expect(stage.state.mode(STAGE).redrives).toEqual([]);
  });

  it('is not marked if no other key got through', async () => {
    stage.results.set('a1', crash);
    for (let receiveCount = 1; receiveCount <= 4; receiveCount++)
      await stage.run([stage.message('a1', 'a', { receiveCount })]);
    expect(reason()).toBe('it crashed 3 times: TypeError: no such property');
  });
});

describe('a parked key', () => {
  const drainAll = async (times: number) => {
    for (let i = 0; i < times; i++) {
      await stage.drain();
      await others();
      stage.now += HOUR;
    }
  };

  it('that crashes while others get through gets into trouble of its own, and its drains are not reported', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    await drainAll(2);
    expect(inOwnTrouble({ reason: reason() ?? '' })).toBe(false);
    expect(notes().filter((note) => note === 'crashed')).toHaveLength(2);
    stage.calls.length = 0;
    await drainAll(3);
    expect(reason()).toBe(`${OWN_TROUBLE}poison`);
    expect(notes()).not.toContain('crashed');
  });

  it('that crashes while no key gets through does not: it is unknown what is at fault', async () => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', crash);
    for (let i = 0; i < 9; i++) {
      await stage.drain();
      stage.now += HOUR;
    }
    expect(reason()).toBe('poison');
    expect(notes().filter((note) => note === 'crashed')).toHaveLength(9);
  });

  it.each<[string, Outcome]>([
    ['is not accepted', retry],
    ['is refused by AWS', { kind: 'fault', reason: 'denied', access: true }],
  ])('that %s gets into trouble of its own over time as well', async (_, outcome) => {
    await stage.parkAll('a', 'a1');
    stage.results.set('a1', outcome);
    await drainAll(3);
    expect(reason()).toBe(`${OWN_TROUBLE}poison`);
  });

  const inTrouble = async (...ids: string[]) => {
    await stage.parking.touchHead(STAGE, 'a', { token: 't', now: stage.now, reason: `${OWN_TROUBLE}403` });
    await stage.run(ids.map((id) => stage.message(id, 'a')));
    stage.calls.length = 0;
  };

  it.each<[string, Outcome]>([
    ['is not accepted', retry],
    ['crashes', { kind: 'crash', crash: { kind: 'exit', error: 'x' } }],
    ['is refused by AWS', { kind: 'fault', reason: 'denied', access: true }],
    ['is rejected', { kind: 'done', shown: { delivered: 0, filtered: 0, rejected: 1 } }],
    ['finds AWS down', { kind: 'fault', reason: 'timeout' }],
  ])('in trouble of its own that %s is no evidence, not in recovering either', async (_, outcome) => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, since: 1, windowFrom: stage.now, dueEpoch: 2 });
    await inTrouble('a1');
    stage.results.set('a1', outcome);
    await stage.drain();
    expect(notes()).toEqual([]);
    expect(stage.processed()).toContain('a1');
  });

  it('in trouble of its own is marked as such for the work on it; a message from the queue is not', async () => {
    const given: [string, boolean, boolean][] = [];
    const process = ({ id }: { id: string }, its: { inOwnTrouble: boolean; isTrial: boolean }) => {
      given.push([id, its.inOwnTrouble, its.isTrial]);
      return Promise.resolve(DELIVERED);
    };
    await inTrouble('a1', 'a2');
    await stage.drain('a', { ports: { process } });
    await stage.run([stage.message('b1', 'b')], { ports: { process } });
    // The progress has ended the trouble.
    expect(given).toEqual([
      ['a1', true, false],
      ['a2', false, false],
      ['b1', false, false],
    ]);
  });

  it('whose message got through is no longer in trouble, which is progress', async () => {
    await inTrouble('a1', 'a2');
    stage.results.set('a2', retry);
    await stage.drain();
    expect(reason()).toBe('403');
    expect(stage.head()).toMatchObject({ failures: 1 });
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: stage.now });
    expect(notes()).toContain('failed');
  });

  it('whose message was only rejected stays in trouble', async () => {
    await inTrouble('a1', 'a2');
    stage.results.set('a1', { kind: 'done', shown: { delivered: 0, filtered: 0, rejected: 1 } });
    stage.results.set('a2', retry);
    await stage.drain();
    expect(reason()).toBe(`${OWN_TROUBLE}403`);
    expect(stage.parked('a')).toEqual(['a2']);
    expect(notes()).toEqual([]);
  });
});
