/** A process that dies at a message: what the ledger and the leases show afterwards. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { OWN_TROUBLE } from '../../../lambdas/core/stage/own-trouble.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';
import { DrainStage } from '../../support/drain-stage.ts';
import { STAGE, type Result } from '../../support/memory-stage.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

let stage: DrainStage;
beforeEach(() => {
  stage = new DrainStage();
});

const deaths = () => stage.state.mode(STAGE).deaths.map(({ id }) => id);
const attempt = (id = 'a1') => stage.state.attempts.get(id);

/** @param receiveCount of the delivery whose process dies in the middle of it */
const dieAt = async (receiveCount: number, id = 'a1') => {
  stage.results.set(id, () => new Promise(() => undefined));
  void stage.run([stage.message(id, id.slice(0, 1), { receiveCount })]);
  for (let i = 0; i < 50; i++) await Promise.resolve();
  stage.now += MINUTE;
  stage.results.delete(id);
};

describe('an attempt from the queue', () => {
  it('is recorded in the ledger before it begins, and not reported otherwise', async () => {
    const begunAt = stage.now;
    await dieAt(2);
    expect(attempt()).toEqual({ failures: 0, charges: 1, stamp: '0:v1', begunAt });
    expect(deaths()).toEqual([]);
  });

  it('that died is reported once, at the next delivery, and counts as a failure of the key', async () => {
    await dieAt(2);
    await dieAt(3);
    expect(stage.called('note')).toEqual(['died']);
    expect(deaths()).toEqual(['a1']);
    const failedAt = stage.now - MINUTE;
    expect(attempt()).toMatchObject({ charges: 2, lastFailedAt: failedAt, excused: 1 });
    expect(stage.state.mode(STAGE).lastCrash).toMatchObject({ kind: 'death', messageId: 'a1', key: 'a' });
  });

  it('does not begin again if too little time is left once its death is reported, and is not counted twice', async () => {
    await dieAt(2);
    const note = stage.note.bind(stage);
    stage.note = (...args) => {
      stage.timeLeft = SECOND;
      return note(...args);
    };
    await stage.run([stage.message('a1', 'a', { receiveCount: 3 })]);
    // Only the attempt that died.
    expect(stage.processed()).toEqual(['a1']);
    expect(attempt()).toMatchObject({ charges: 1, excused: 1 });
    expect(attempt()).not.toHaveProperty('begunAt');
    expect(deaths()).toEqual(['a1']);
  });

  it.each<[string, Result]>([
    ['a retry', { kind: 'retry', reason: '503' }],
    ['a fault', { kind: 'fault', reason: 'x' }],
    ['a refusal of AWS', { kind: 'fault', reason: 'x', access: true }],
    ['a stop', { kind: 'stopped' }],
    ['a caught crash', { kind: 'crash', crash: { kind: 'exit', error: 'x' } }],
  ])('that ended as %s is not a death', async (_, result) => {
    stage.results.set('a1', result);
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(attempt()).not.toHaveProperty('begunAt');
    stage.results.set('a1', { kind: 'stopped' });
    await stage.run([stage.message('a1', 'a', { receiveCount: 3 })]);
    expect(stage.called('note')).not.toContain('died');
  });

  it('that is done, and cannot be deleted, is not a death', async () => {
    stage.faults.set('queue.delete', 'before');
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(attempt()).toEqual({ failures: 0 });
  });

  it.each<[string, Partial<Attempt>]>([
    ['another epoch', { stamp: '7:v1' }],
    ['other code', { stamp: '0:v0' }],
  ])('of %s is not reported, and is gone after the next', async (_, other) => {
    stage.state.attempts.set('a1', { failures: 0, charges: 1, stamp: '0:v1', begunAt: 5, ...other });
    stage.results.set('a1', { kind: 'stopped' });
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(stage.called('note')).not.toContain('died');
    expect(attempt()).not.toHaveProperty('begunAt');
  });

  it('that degrades the stage: the message is deferred, and the ledger keeps what is known', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, since: 1, windowFrom: stage.now });
    await dieAt(2);
    expect(await stage.run([stage.message('a1', 'a', { receiveCount: 3 })])).toEqual(['a1']);
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'degraded', epoch: 3 });
    expect(stage.events.at(-1)).toMatchObject({ type: 'deferred', reason: 'blocked' });
    expect(attempt()).toMatchObject({ charges: 1, stamp: '2:v1', excused: 1 });
    expect(attempt()).not.toHaveProperty('begunAt');
    expect(stage.processed()).toEqual(['a1']);
  });

  it('of five messages while nothing gets through degrades a stage: with one user in each batch as with many', async () => {
    for (const id of ['a1', 'b1', 'c1', 'd1', 'e1']) {
      stage.now += SECOND;
      stage.state.attempts.set(id, { failures: 0, charges: 1, stamp: '0:v1', begunAt: stage.now });
      await stage.run([stage.message(id, id.slice(0, 1), { receiveCount: 3 })], {
        ports: { process: () => Promise.resolve({ kind: 'stopped' }) },
      });
    }
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'degraded' });
    expect(stage.state.mode(STAGE).reason).toContain('died at 5 messages');
  });

  it('of a key in trouble of its own is not reported', async () => {
    const known = { failures: 0, charges: 1, stamp: '0:v1', begunAt: 5, excused: 2, lastFailedAt: 9 };
    stage.state.attempts.set('a1', known);
    stage.state.progress.set(STAGE, { deliveredAt: 10 });
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(stage.called('note')).toEqual([]);
    // Its charges start over with each epoch: it is parked before they are used up, and without another attempt.
    expect(stage.called('process')).toEqual([]);
    const [parked] = await stage.parking.oldest(STAGE, 'a', 1);
    expect(parked?.attempt).toMatchObject({ excused: 3 });
    expect((await stage.parking.readHead(STAGE, 'a'))?.reason).toMatch(
      /^others get through, .*the process ended/,
    );
  });

  it('and its followers, in a batch of first deliveries, charge and report nothing: it is unknown which message it was', async () => {
    await dieAt(1);
    expect(attempt()).toBeUndefined();
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(stage.called('note')).not.toContain('died');
  });
});

describe('a drain', () => {
  const dieInDrain = async () => {
    stage.results.set('a1', () => new Promise(() => undefined));
    void stage.drain();
    for (let i = 0; i < 80; i++) await Promise.resolve();
    stage.now += HOUR;
    stage.results.delete('a1');
  };

  it('whose process died leaves its lease behind: that is reported once, and counts as a failure of the key', async () => {
    await stage.parkAll('a', 'a1', 'a2');
    await dieInDrain();
    expect(stage.head()?.leaseOwner).toMatch(/^drain:/);
    stage.results.set('a1', { kind: 'retry', reason: '503' });
    await stage.drain();
    expect(stage.called('note')).toEqual(['died', 'failed']);
    expect(deaths()).toEqual(['a1']);
    stage.calls.length = 0;
    stage.now += HOUR;
    await stage.drain();
    expect(stage.called('note')).toEqual(['failed']);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toMatchObject({ failures: 2, excused: 1 });
  });

  it.each(['trial:x', 'operator'])('has not died if the lease that was left is of %s', async (owner) => {
    await stage.parkAll('a', 'a1');
    const { now } = stage;
    const lease = { owner, now, until: now + SECOND, nextAttemptAt: now, triedEpoch: 0 };
    await stage.parking.takeLease(STAGE, { key: 'a', failures: 0 }, lease);
    stage.now += MINUTE;
    await stage.drain();
    expect(stage.called('note')).not.toContain('died');
    expect(stage.parked('a')).toEqual([]);
  });

  it('whose lease is given back just before it is taken again has not died', async () => {
    await stage.parkAll('a', 'a1');
    const { now } = stage;
    const lease = { owner: 'drain:x', now, until: now + MINUTE, nextAttemptAt: now, triedEpoch: 0 };
    await stage.parking.takeLease(STAGE, { key: 'a', failures: 0 }, lease);
    const take = stage.parking.takeLease.bind(stage.parking);
    stage.parking.takeLease = async (...args) => {
      await stage.parking.releaseLease(STAGE, 'a', 'drain:x', { failures: 1, nextAttemptAt: now });
      return take(...args);
    };
    await stage.drain();
    expect(stage.called('note')).not.toContain('died');
    expect(stage.parked('a')).toEqual([]);
  });

  it('that dies again and again while others get through marks its key, before it dies again', async () => {
    await stage.parkAll('a', 'a1');
    for (let i = 0; i < 5; i++) {
      await dieInDrain();
      await stage.run([stage.message(`z${i}`, 'z')]);
      stage.now += SECOND;
    }
    expect(stage.head()?.reason).toBe(`${OWN_TROUBLE}poison`);
    expect(stage.called('note').filter((note) => note === 'died')).toHaveLength(2);
  });
});
