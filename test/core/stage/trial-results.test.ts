/** What a trial leaves behind: after a failure, and after progress. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { OWN_TROUBLE } from '../../../lambdas/core/stage/own-trouble.ts';
import { crash } from '../../support/drain-stage.ts';
import { DELIVERED, STAGE } from '../../support/memory-stage.ts';
import { MINUTE } from '../../support/mode-settings.ts';
import { EPOCH, TrialStage } from '../../support/trial-stage.ts';

let stage: TrialStage;
beforeEach(() => {
  stage = new TrialStage();
});

const mode = () => stage.state.mode(STAGE).mode;
const visibility = () => Object.fromEntries(stage.queue.visibility);
const retry: Outcome = { kind: 'retry', reason: '503' };
const filtered: Outcome = { kind: 'done', shown: { delivered: 0, filtered: 1, rejected: 0 } };

describe('a trial that fails', () => {
  it.each<[string, Outcome | (() => never)]>([
    ['is not accepted', retry],
    ['crashes', crash],
    ['is refused by AWS', { kind: 'fault', reason: 'denied', access: true }],
    ['finds AWS down', { kind: 'fault', reason: 'timeout' }],
    ['runs out of time', { kind: 'stopped' }],
    ['cannot be stored', { kind: 'refused', reason: 'too large' }],
  ])(
    'because its message %s changes only the time of the last try, and the next key is tried',
    async (_, result) => {
      stage.waiting('a1', 'a2', 'b1');
      for (const id of ['a1', 'b1']) stage.results.set(id, result);
      await stage.trial();
      expect(stage.processed()).toEqual(['a1', 'b1']);
      expect(stage.called('note')).toEqual([]);
      expect(stage.words).toEqual([]);
      const trial = { epoch: EPOCH, at: stage.now };
      expect(stage.state.attempts.get('a1')).toEqual({ failures: 0, trial });
      expect(visibility()).toEqual({ a1: 0, a2: 0, b1: 0 });
      expect(stage.queue.deleted).toEqual([]);
      expect(stage.parking.size).toBe(0);
    },
  );

  it('keeps the attempt record of its message, without the attempt at which its process died before', async () => {
    const known = { failures: 4, firstFailedAt: 1, lastFailedAt: 2, excused: 2, charges: 1, stamp: '0:v1' };
    stage.redelivered('a1', { ...known, begunAt: 7 });
    stage.results.set('a1', retry);
    await stage.trial();
    expect(stage.state.attempts.get('a1')).toEqual({ ...known, trial: { epoch: EPOCH, at: stage.now } });
  });

  it('of a parked key gives the lease back: due now, with its failures unchanged', async () => {
    await stage.park('a', 'a1', 'a2');
    const { now } = stage;
    const lease = { owner: 'x', now, until: now + 1, nextAttemptAt: now, triedEpoch: 1 };
    await stage.parking.takeLease(STAGE, { key: 'a', failures: 0 }, lease);
    await stage.parking.releaseLease(STAGE, 'a', 'x', { failures: 5, nextAttemptAt: now + 9 * MINUTE });
    stage.results.set('a1', crash);
    await stage.trial();
    expect(stage.processed()).toEqual(['a1']);
    const left = { failures: 5, nextAttemptAt: now, triedEpoch: EPOCH, reason: 'poison' };
    expect(stage.head()).toMatchObject(left);
    expect(stage.head()).not.toHaveProperty('leaseOwner');
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(stage.parking.messages(STAGE, 'a')[0]).not.toHaveProperty('attempt');
    expect(stage.called('note')).toEqual([]);
  });

  it('because its process dies is recorded as a trial: the next one tries another key first', async () => {
    const [a1] = stage.waiting('a1');
    stage.results.set('a1', () => new Promise(() => undefined));
    void stage.trial();
    for (let i = 0; i < 80; i++) await Promise.resolve();
    stage.now += MINUTE;
    stage.queue.waiting.push(a1 === undefined ? [] : [{ ...a1, receiveCount: 2 }]);
    stage.waiting('b1');
    stage.calls.length = 0;
    await stage.trial();
    expect(stage.processed()).toEqual(['b1']);
    expect(stage.state.attempts.get('a1')).not.toHaveProperty('charges');
  });

  it('because its process dies charges no message: its lease names a trial', async () => {
    await stage.park('a', 'a1');
    stage.results.set('a1', () => new Promise(() => undefined));
    void stage.trial();
    for (let i = 0; i < 80; i++) await Promise.resolve();
    expect(stage.head()).toMatchObject({ failures: 0, leaseOwner: expect.stringMatching(/^trial:/) });
    stage.now += 2 * MINUTE;
    stage.setMode(STAGE, { mode: 'recovering', epoch: EPOCH + 1, dueEpoch: EPOCH + 1 });
    stage.results.delete('a1');
    await stage.drain();
    expect(stage.called('note')).not.toContain('died');
    expect(stage.parking.size).toBe(0);
  });
});

describe('progress of a trial', () => {
  const partly: Outcome = {
    ...{ kind: 'retry', reason: '503', progress: { events: 2 } },
    shown: { delivered: 2, filtered: 0, rejected: 0 },
  };

  it.each(['queue', 'parking table'])(
    'with part of a message of the %s is kept, and begins the recovery',
    async (where) => {
      if (where === 'queue') stage.waiting('a1', 'a2');
      else await stage.park('a', 'a1', 'a2');
      stage.results.set('a1', partly);
      await stage.trial();
      expect(mode()).toBe('recovering');
      const attempt =
        where === 'queue' ? stage.state.attempts.get('a1') : stage.parking.messages(STAGE, 'a')[0]?.attempt;
      expect(attempt).toMatchObject({ failures: 0, progress: { events: 2 } });
      expect(visibility()).toEqual(where === 'queue' ? { a1: 0, a2: 0 } : {});
    },
  );

  it('with a parked message deletes it, and frees the key if nothing is behind it', async () => {
    await stage.park('a', 'a1');
    await stage.trial();
    expect(stage.head()).toBeUndefined();
    expect(stage.parking.size).toBe(0);
    expect(mode()).toBe('recovering');
    expect(stage.events).toContainEqual({ type: 'drained', key: 'a', messages: 1, emptied: true });
  });

  it('with a parked message ends the key’s trouble, and the messages behind it stay parked', async () => {
    await stage.parking.touchHead(STAGE, 'a', { token: 't', now: stage.now, reason: `${OWN_TROUBLE}403` });
    await stage.park('a', 'a1', 'a2');
    await stage.trial();
    expect(stage.parked('a')).toEqual(['a2']);
    expect(stage.head()).toMatchObject({ failures: 0, reason: '403', nextAttemptAt: stage.now });
    expect(stage.head()).not.toHaveProperty('leaseOwner');
  });

  it('includes filtered events while the door is not in doubt', async () => {
    stage.waiting('a1', 'b1');
    stage.results.set('a1', filtered);
    await stage.trial();
    expect(mode()).toBe('recovering');
    expect(stage.processed()).toEqual(['a1']);
  });

  it('does not include filtered events while it is: the message is finished, and the next key is tried', async () => {
    const { now } = stage;
    stage.setMode(STAGE, { mode: 'degraded', epoch: EPOCH, since: now, doubtAt: now - MINUTE });
    stage.waiting('a1', 'b1');
    stage.results.set('a1', filtered);
    stage.results.set('b1', retry);
    await stage.trial();
    expect(mode()).toBe('degraded');
    expect(stage.processed()).toEqual(['a1', 'b1']);
    expect(stage.queue.deleted).toEqual(['a1']);
  });

  it('ends the trial, even if it cannot be reported', async () => {
    stage.waiting('a1', 'b1');
    stage.faults.set('note', 'before');
    await stage.trial();
    expect(stage.processed()).toEqual(['a1']);
  });

  it.each([
    ['the message cannot be deleted', 'queue.delete'],
    ['the change of mode cannot be reported', 'note'],
  ])('is kept when %s, which is a setback', async (_, call) => {
    stage.waiting('a1');
    stage.faults.set(call, 'before');
    await stage.trial();
    expect(stage.events.map(({ type }) => type)).toContain('setback');
    expect(mode()).toBe(call === 'note' ? 'degraded' : 'recovering');
    expect(visibility()).toEqual(call === 'note' ? {} : { a1: 0 });
  });

  it.each(['parking.deleteMessage', 'parking.saveAttempt', 'parking.deleteHead', 'parking.releaseLease'])(
    'with a parked message is reported although %s fails',
    async (call) => {
      await stage.park('a', 'a1');
      stage.results.set('a1', call === 'parking.saveAttempt' ? partly : DELIVERED);
      stage.faults.set(call, 'before');
      await stage.trial();
      expect(mode()).toBe('recovering');
      expect(stage.events.map(({ type }) => type)).toContain('setback');
    },
  );
});
