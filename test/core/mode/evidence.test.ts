/** The evidence of an attempt reaches the mode machine: what is reported, and in which order. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { AccessFault, InfraFault } from '../../../lambdas/core/base/faults.ts';
import { replaced } from '../../support/ports-gate.ts';
import { EvidenceStage, shown } from '../../support/evidence-stage.ts';
import { DELIVERED, STAGE } from '../../support/memory-stage.ts';

let stage: EvidenceStage;
beforeEach(() => {
  stage = new EvidenceStage();
});
describe('an attempt', () => {
  it.each<[string, Outcome | (() => never), string[]]>([
    ['that delivered', DELIVERED, ['saveProgress', 'note progress']],
    [
      'that filtered everything',
      { kind: 'done', ...shown({ filtered: 2 }) },
      ['saveProgress', 'note progress'],
    ],
    ['whose events were all rejected', { kind: 'done', ...shown({ rejected: 2 }) }, ['note rejected']],
    ['that had nothing to deliver', { kind: 'done', ...shown() }, ['note attempted']],
    ['that the destination did not accept', { kind: 'retry', reason: '503', ...shown() }, ['note failed']],
    ['that AWS refused', { kind: 'fault', reason: 'denied', access: true, ...shown() }, ['note failed']],
    ['in which AWS was down', { kind: 'fault', reason: 'timeout', ...shown() }, ['note attempted']],
    ['that ran out of time', { kind: 'stopped', ...shown() }, ['note attempted']],
    ['that crashed', { kind: 'crash', crash: { kind: 'exit', error: 'x' }, ...shown() }, ['note crashed']],
    ['whose message AWS does not accept', { kind: 'refused', reason: 'too large', ...shown() }, []],
    [
      'that made progress before it failed',
      { kind: 'retry', reason: '503', ...shown({ delivered: 559 }) },
      ['saveProgress', 'note progress', 'note failed'],
    ],
    [
      'that made progress before it crashed',
      { kind: 'crash', crash: { kind: 'exit', error: 'x' }, ...shown({ delivered: 1 }) },
      ['saveProgress', 'note progress', 'note crashed'],
    ],
    [
      'that made progress before it ran out of time',
      { kind: 'stopped', ...shown({ delivered: 1 }) },
      ['saveProgress', 'note progress'],
    ],
    [
      'that rejected an event, delivered another, and then failed',
      { kind: 'retry', reason: '503', ...shown({ delivered: 1, rejected: 1 }) },
      ['saveProgress', 'note progress', 'note rejected', 'note failed'],
    ],
    ['that threw a refusal of AWS', throwing(new AccessFault('AccessDenied')), ['note failed']],
    ['that threw an outage of AWS', throwing(new InfraFault('timeout')), ['note attempted']],
  ])('%s, in a stage that recovers', async (_, outcome, expected) => {
    stage.recovers();
    await stage.attempt(outcome);
    expect(stage.reported()).toEqual(expected);
  });

  it.each([true, false])(
    'is reported as failed with its text, and whether AWS refused it (%s)',
    async (access) => {
      await stage.attempt(
        access ? { kind: 'fault', reason: 'it says no', access } : { kind: 'retry', reason: 'it says no' },
      );
      const { lastRefusal, lastFailure, failing } = stage.state.mode(STAGE);
      const text = { text: 'it says no', at: stage.now, codeVersion: 'v1' };
      expect({ lastRefusal, lastFailure }).toEqual(
        access
          ? { lastRefusal: text, lastFailure: undefined }
          : { lastFailure: text, lastRefusal: undefined },
      );
      expect(failing).toMatchObject({ count: 1, keys: ['a'] });
    },
  );

  it('is reported as rejected with the reason', async () => {
    await stage.attempt({ kind: 'done', ...shown({ rejected: 3, rejection: 'answered 400: no such list' }) });
    expect(stage.state.mode(STAGE)).toMatchObject({
      rejecting: { since: stage.now, count: 1 },
      lastRejection: { text: 'answered 400: no such list' },
    });
  });

  it('whose events were all rejected makes no progress', async () => {
    await stage.attempt({ kind: 'done', ...shown({ rejected: 3 }) });
    expect(stage.state.progress.size).toBe(0);
  });
});

function throwing(error: Error): () => never {
  return () => {
    throw error;
  };
}

describe('a refusal of AWS', () => {
  it.each(['hasMessage', 'putMessage'] as const)(
    'to %s is reported as well: no attempt was made',
    async (method) => {
      const denied = () => Promise.reject(new AccessFault('AccessDenied: parking table'));
      await stage.parking.touchHead(STAGE, 'a', { token: 't', now: 1, reason: 'r' });
      const { parking } = stage.deps().ports;
      const batch = [stage.message('a1', 'a', { receiveCount: 2 })];
      expect(await stage.run(batch, { ports: { parking: replaced(parking, { [method]: denied }) } })).toEqual(
        ['a1'],
      );
      expect(stage.reported()).toEqual(['note failed']);
      expect(stage.state.mode(STAGE).lastRefusal).toMatchObject({ text: 'AccessDenied: parking table' });
    },
  );

  it('differs from a failure of AWS', async () => {
    stage.faults.set('parking.hasMessage', 'before');
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(stage.reported()).toEqual([]);
  });
});

describe('a redrive', () => {
  it('reports how much was processed since the previous one', async () => {
    const poison = { failures: 0, charges: 3, stamp: '0:v1' };
    for (const id of ['a1', 'b1', 'c1']) await stage.attempt(DELIVERED, id);
    for (const id of ['y1', 'z1']) {
      stage.state.attempts.set(id, poison);
      await stage.run([stage.message(id, id.slice(0, 1), { receiveCount: 4 })]);
      await stage.attempt(DELIVERED, 'd1');
    }
    expect(stage.state.mode(STAGE).shares).toMatchObject([{ redriven: 2, processed: 4 }]);
  });
});

describe('evidence that the mapping works', () => {
  const invoked = () => stage.calls.filter((call) => call === 'note invoked').length;

  it('is reported once, by the first batch of a recovery, whatever happens to its messages', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now, since: 1 });
    stage.results.set('a1', { kind: 'stopped', ...shown() });
    await stage.run([stage.message('a1', 'a')]);
    await stage.run([stage.message('b1', 'b')]);
    expect(invoked()).toBe(1);
    expect(stage.state.mode(STAGE)).toMatchObject({ invoked: true });
  });

  it('is not reported in a normal stage', async () => {
    await stage.run([stage.message('a1', 'a')]);
    expect(invoked()).toBe(0);
  });
});
