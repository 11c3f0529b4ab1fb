/** Charges: when a message is charged, when a charge is taken back, and when the message is redriven. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { MemoryStage, STAGE } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';

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

const types = (): string[] => stage.events.map(({ type }) => type);

describe('crash accounting', () => {
  it('redrives a message that throws after three crashes, without a fourth attempt', async () => {
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
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt?.crash?.stack).toContain(
      'crash-accounting.test.ts',
    );
    expect(stage.parking.head(STAGE, 'a')?.reason).toBe('it crashed 3 times: TypeError: no such property');
  });

  it('redrives a message that ends its process after four deaths: the first is not charged', async () => {
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

  it('takes a charge back when its write is reported as failed: no attempt began', async () => {
    const message = charged('a1', 'a', 2);
    const deps = stage.deps();
    let writes = 0;
    const saveAttempt: typeof deps.ports.state.saveAttempt = async (...args) => {
      await stage.state.saveAttempt(...args);
      writes += 1;
      if (writes === 1) throw new InfraFault('timed out, and took effect');
    };
    const state = replaced(deps.ports.state, { saveAttempt });
    expect(await stage.run([message], { ports: { state } })).toEqual(['a1']);
    expect(stage.calls).not.toContain('process a1');
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 2 });
  });

  it('takes a charge back when a done message cannot be deleted: that is no crash', async () => {
    stage.faults.set('queue.delete', 'before');
    await stage.run([charged('a1', 'a', 2)]);
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 2 });
  });

  it('does not start a message that it cannot charge', async () => {
    stage.faults.set('state.saveAttempt', 'before');
    expect(await stage.run([charged('a1', 'a', 0)])).toEqual(['a1']);
    expect(stage.calls).not.toContain('process a1');
  });

  it.each([
    ['other code was deployed', { stage: { codeVersion: 'v2' } }, 0],
    ['the mode has changed since', {}, 2],
  ])('gives a message all its attempts again when %s', async (_, overrides, epoch) => {
    stage.setMode(STAGE, { epoch });
    expect(await stage.run([charged('a1', 'a', 3)], overrides)).toEqual([]);
    expect(stage.calls).toContain('process a1');
    expect(stage.state.attempts.get('a1')?.charges).toBe(1);
  });

  it('stops uncharged when the mode, read again, says blocked', async () => {
    const batch = [charged('a1', 'a', 3), charged('b1', 'b', 1)];
    const deps = stage.deps();
    const read: typeof deps.ports.state.read = async (...args) => {
      const found = await deps.ports.state.read(...args);
      stage.setMode('router', { mode: 'degraded' });
      return found;
    };
    const state = replaced(deps.ports.state, { read });
    expect(await stage.run(batch, { ports: { state } })).toEqual(['b1', 'a1']);
    expect(stage.calls.filter((call) => /^(process|note|state.save|queue.delete)/.test(call))).toEqual([]);
    expect(stage.events).toEqual([{ type: 'deferred', reason: 'blocked', messages: 2 }]);
  });

  it('delays the key after a caught crash for a short time that grows with the crashes', async () => {
    stage.results.set('a1', crash);
    await stage.run([charged('a1', 'a', 2), stage.message('a2', 'a')]);
    expect(Object.fromEntries(stage.queue.visibility)).toEqual({ a1: 2, a2: 2 });
    expect(stage.state.attempts.get('a1')).toMatchObject({ charges: 3, crash: { kind: 'throw' } });
  });
});
