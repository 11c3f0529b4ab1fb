/** A redrive, step by step, and what a stage that recovers reports. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { MemoryStage, STAGE } from '../../support/memory-stage.ts';
import { HOUR, MINUTE } from '../../support/mode-settings.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const crash = (): never => {
  throw new TypeError('no such property');
};

/** A message with this many charges under the current epoch and code. */
const charged = (id: string, key: string, charges: number, rest: Partial<IncomingMessage> = {}) => {
  stage.state.attempts.set(id, { failures: 0, charges, stamp: '0:v1' });
  return stage.message(id, key, { receiveCount: charges + 2, ...rest });
};

const parkKey = (key: string) =>
  stage.parking.touchHead(STAGE, key, { token: 't0', now: stage.now, reason: 'before' });

describe('a redrive', () => {
  it('counts the redrive, then writes P1, then P2, then deletes; then the next message of its key follows', async () => {
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

  it('that degrades the stage parks the message and its followers, and starts nothing more', async () => {
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
    expect(stage.queue.visibility.get('b1')).toBe(50);
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
  it('a caught crash before the first success is reported to the mode machine', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now - MINUTE, since: 1 });
    stage.results.set('a1', crash);
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.state.mode(STAGE).windowFrom).toBe(stage.now);
  });

  it('progress is reported, but no longer once the stage is normal', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, successes: 18, windowFrom: stage.now, since: 1 });
    stage.results.set('z1', crash);
    const batch = ['a', 'b', 'c', 'z'].map((key) => stage.message(`${key}1`, key));
    await stage.run(batch);
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'normal', epoch: 3 });
    // Keys are processed in parallel: it is undefined which ends first.
    expect(stage.calls.filter((call) => call.startsWith('note')).sort()).toEqual([
      'note crashed',
      'note invoked',
      'note progress',
      'note progress',
    ]);
  });

  it('a success that cannot be reported is a setback, and the message is done', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now, since: 1, invoked: true });
    stage.faults.set('note', 'before');
    expect(await stage.run([stage.message('a1', 'a')])).toEqual([]);
    expect(stage.events).toMatchObject([{ type: 'setback', step: 'mode' }]);
  });
});
