import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { HOUR, MemoryStage, MINUTE, STAGE } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const crash = (): never => {
  throw new TypeError('no such property');
};

/** A message that was charged so often under the present epoch and code. */
const charged = (id: string, key: string, charges: number, rest: Partial<IncomingMessage> = {}) => {
  stage.state.attempts.set(id, { failures: 0, charges, stamp: '0:v1' });
  return stage.message(id, key, { receiveCount: charges + 2, ...rest });
};

const parkKey = (key: string) =>
  stage.parking.touchHead(STAGE, key, { token: 't0', now: stage.now, reason: 'before' });

const types = (): string[] => stage.events.map(({ type }) => type);

describe('crash accounting', () => {
  it('a message that throws is redriven after three crashes, without a fourth attempt', async () => {
    stage.results.set('a1', crash);
    expect(await stage.runUntilGone(stage.message('a1', 'a'))).toBe(4);
    expect(stage.calls.filter((call) => call === 'process a1')).toHaveLength(3);
    expect(types()).toEqual(['crash', 'crash', 'crash', 'redriven', 'parked']);
    expect(stage.state.mode(STAGE).redrives).toEqual([{ id: 'a1', at: stage.now }]);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt?.crash).toMatchObject({
      kind: 'throw',
      error: 'TypeError: no such property',
      codeVersion: 'v1',
      at: stage.now,
      messageId: 'a1',
      key: 'a',
    });
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt?.crash?.stack).toContain('parking.test.ts');
    expect(stage.parking.head(STAGE, 'a')?.reason).toBe('it crashed 3 times: TypeError: no such property');
  });

  it('one that ends its process is redriven after four deaths: the first is not charged', async () => {
    const deaths = async (receiveCount: number) => {
      const died = new Promise<Outcome>(() => undefined);
      let reached = (): void => undefined;
      const attempt = new Promise<void>((done) => (reached = done));
      stage.results.set('a1', () => (reached(), died));
      const run = stage.run([{ ...first, receiveCount }]);
      await Promise.race([attempt, run]);
    };
    const first = stage.message('a1', 'a');
    for (const receiveCount of [1, 2, 3, 4]) await deaths(receiveCount);
    expect(stage.calls.filter((call) => call === 'process a1')).toHaveLength(4);
    expect(await stage.run([{ ...first, receiveCount: 5 }])).toEqual([]);
    expect(stage.calls.filter((call) => call === 'process a1')).toHaveLength(4);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt?.crash).toMatchObject({
      kind: 'death',
      error:
        'the process ended 3 times (a native crash, a timeout, or out of memory) while processing this message',
    });
  });

  it('charges immediately before the attempt, after a strong read of the mode', async () => {
    await stage.run([charged('a1', 'a', 1)]);
    expect(stage.calls).toEqual([
      'state.read',
      expect.stringMatching(/^parking.hasMessage a E#/),
      'modes.readStored router',
      'state.saveAttempt a1',
      'process a1',
      'queue.delete a1',
      'state.saveProgress',
    ]);
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 2, stamp: '0:v1' });
  });

  it('charges nothing at the first delivery, unless a crash is caught', async () => {
    await stage.run([stage.message('a1', 'a'), stage.message('b1', 'b')]);
    expect(stage.state.attempts.size).toBe(0);
    stage.results.set('a1', crash);
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 1, stamp: '0:v1', failures: 0 });
  });

  it.each<[string, Outcome | (() => never)]>([
    ['no time was left', { kind: 'stopped' }],
    ['AWS failed', { kind: 'fault', reason: 'x' }],
    [
      'AWS failed with an error',
      () => {
        throw new InfraFault('x');
      },
    ],
    ['the destination did not take it', { kind: 'retry', reason: 'x' }],
  ])('takes a charge back when %s', async (_, result) => {
    stage.results.set('a1', result);
    expect(await stage.run([charged('a1', 'a', 2)])).toEqual(['a1']);
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 2, stamp: '0:v1' });
  });

  it('takes a charge back when the write of it is said to have failed: no attempt was begun', async () => {
    const message = charged('a1', 'a', 2);
    const deps = stage.deps();
    let writes = 0;
    const saveAttempt: typeof deps.state.saveAttempt = async (...args) => {
      await stage.state.saveAttempt(...args);
      writes += 1;
      if (writes === 1) throw new InfraFault('timed out, and took effect');
    };
    const state = replaced(deps.state, { saveAttempt });
    expect(await stage.run([message], { state })).toEqual(['a1']);
    expect(stage.calls).not.toContain('process a1');
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 2 });
  });

  it('takes a charge back when a done message cannot be deleted: it was no crash', async () => {
    stage.faults.set('queue.delete', 'before');
    await stage.run([charged('a1', 'a', 2)]);
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 2 });
  });

  it('does not begin what it cannot charge', async () => {
    stage.faults.set('state.saveAttempt', 'before');
    expect(await stage.run([charged('a1', 'a', 0)])).toEqual(['a1']);
    expect(stage.calls).not.toContain('process a1');
  });

  it.each([
    ['other code was deployed', { codeVersion: 'v2' }, 0],
    ['the mode has changed since', {}, 2],
  ])('a used up message has all its attempts again when %s', async (_, overrides, epoch) => {
    stage.setMode(STAGE, { epoch });
    expect(await stage.run([charged('a1', 'a', 3)], overrides)).toEqual([]);
    expect(stage.calls).toContain('process a1');
    expect(stage.state.attempts.get('a1')?.charges).toBe(1);
  });

  it('stops uncharged when the mode, read again, is shut', async () => {
    const batch = [charged('a1', 'a', 3), charged('b1', 'b', 1)];
    const deps = stage.deps();
    const read: typeof deps.state.read = async (...args) => {
      const found = await deps.state.read(...args);
      stage.setMode('router', { mode: 'degraded' });
      return found;
    };
    const state = replaced(deps.state, { read });
    expect(await stage.run(batch, { state })).toEqual(['b1', 'a1']);
    expect(stage.calls.filter((call) => /^(process|note|state.save|queue.delete)/.test(call))).toEqual([]);
    expect(stage.events).toEqual([{ type: 'refused', reason: 'shut', messages: 2 }]);
  });

  it('a caught crash puts its key off for a short time that grows with the crashes', async () => {
    stage.results.set('a1', crash);
    await stage.run([charged('a1', 'a', 2), stage.message('a2', 'a')]);
    expect(Object.fromEntries(stage.queue.visibility)).toEqual({ a1: 2, a2: 2 });
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 3, crash: { kind: 'throw' } });
  });
});

describe('a redrive', () => {
  it('is counted, then P1, then P2, then deleted; then the next of its key', async () => {
    const batch = [charged('a1', 'a', 3), stage.message('a2', 'a')];
    expect(await stage.run(batch)).toEqual([]);
    const writes = /^(note|parking.put|parking.touch|queue|process)/;
    expect(stage.calls.filter((call) => writes.test(call))).toEqual([
      'note redriven',
      'parking.putMessage a1',
      'parking.touchHead a',
      'queue.delete a1',
      'parking.putMessage a2',
      'parking.touchHead a',
    ]);
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(stage.events.filter(({ type }) => type === 'parked')).toMatchObject([
      { message: { id: 'a1' }, counted: true },
      { message: { id: 'a2' }, counted: false, reason: 'its key is parked' },
    ]);
  });

  it.each(['note', 'parking.putMessage', 'parking.touchHead'])(
    'that stops at %s keeps the message in its queue, and is counted once in the end',
    async (call) => {
      const batch = [charged('a1', 'a', 3), stage.message('a2', 'a')];
      for (const fault of ['before', 'after'] as const) {
        stage.faults.set(call, fault);
        expect(await stage.run(batch)).toEqual(['a1', 'a2']);
        expect(stage.calls).not.toContain('process a2');
      }
      stage.faults.clear();
      expect(await stage.run(batch)).toEqual([]);
      expect(stage.parked('a')).toEqual(['a1', 'a2']);
      expect(stage.state.mode(STAGE).redrives).toHaveLength(1);
    },
  );

  it('that flips the stage parks the message and its followers, and begins nothing more', async () => {
    stage.setMode(STAGE, { redrives: ['w', 'x', 'y', 'z'].map((id) => ({ id, at: stage.now })) });
    const batch = [
      charged('a1', 'a', 3),
      stage.message('a2', 'a'),
      charged('b1', 'b', 3),
      charged('c1', 'c', 3),
    ];
    expect(await stage.run(batch)).toEqual(['b1', 'c1']);
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'degraded', epoch: 1, codeVersion: 'v1' });
    expect([stage.parked('a'), stage.parked('b')]).toEqual([['a1', 'a2'], []]);
    expect(stage.calls.filter((call) => call.startsWith('process'))).toEqual([]);
    expect(stage.queue.visibility.get('b1')).toBe(120);
  });

  it('does not touch a lease on the head', async () => {
    await parkKey('a');
    const lease = {
      owner: 'd',
      now: 0,
      until: stage.now + HOUR,
      nextAttemptAt: stage.now + HOUR,
      triedEpoch: 0,
    };
    await stage.parking.takeLease(STAGE, { key: 'a', failures: 0 }, lease);
    const before = stage.parking.head(STAGE, 'a');
    await stage.run([stage.message('a1', 'a')]);
    const after = stage.parking.head(STAGE, 'a');
    expect(after).toEqual({ ...before, token: after?.token });
    expect(after?.token).not.toBe(before?.token);
  });
});

describe('while the stage recovers', () => {
  it('a caught crash before the first success is told to the mode machine', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now - MINUTE, since: 1 });
    stage.results.set('a1', crash);
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.state.mode(STAGE).windowFrom).toBe(stage.now);
  });

  it('progress is told, and none more once it is normal', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, successes: 18, windowFrom: stage.now, since: 1 });
    stage.results.set('z1', crash);
    const batch = ['a', 'b', 'c', 'z'].map((key) => stage.message(`${key}1`, key));
    await stage.run(batch);
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'normal', epoch: 3 });
    // Keys are worked on in parallel: whose end comes first is no promise.
    expect(stage.calls.filter((call) => call.startsWith('note')).sort()).toEqual([
      'note crashed',
      'note invoked',
      'note progress',
      'note progress',
    ]);
  });

  it('a success that cannot be told is a setback, and the message is done', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now, since: 1, invoked: true });
    stage.faults.set('note', 'before');
    expect(await stage.run([stage.message('a1', 'a')])).toEqual([]);
    expect(stage.events).toMatchObject([{ type: 'setback', step: 'mode' }]);
  });
});
