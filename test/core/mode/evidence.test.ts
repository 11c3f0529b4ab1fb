/** What an attempt shows reaches the mode machine: what is reported, in which order, and when its progress is written. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome, Shown } from '../../../lambdas/core/stage/outcome.ts';
import { AccessFault, InfraFault } from '../../../lambdas/core/base/faults.ts';
import { ProgressNote } from '../../../lambdas/core/mode/progress-note.ts';
import { replaced } from '../../support/ports-gate.ts';
import { DELIVERED, MemoryStage, MINUTE, MODE_SETTINGS, SECOND, STAGE } from '../../support/memory-stage.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const shown = (more: Partial<Shown> = {}) => ({ shown: { delivered: 0, filtered: 0, rejected: 0, ...more } });
const recovering = () => {
  stage.setMode(STAGE, { mode: 'recovering', epoch: 2, since: 1, windowFrom: stage.now });
};
/** What was written and told, in order. */
const told = (): string[] =>
  stage.calls
    .filter((call) => /^(note|state.saveProgress)/.test(call) && call !== 'note invoked')
    .map((call) => call.split('.').at(-1) ?? '');
const run = async (outcome: Outcome | (() => never), id = 'a1') => {
  stage.results.set(id, outcome);
  return stage.run([stage.message(id, id.slice(0, 1))]);
};

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
    ['that was not taken', { kind: 'retry', reason: '503', ...shown() }, ['note failed']],
    [
      'that AWS did not let work',
      { kind: 'fault', reason: 'denied', access: true, ...shown() },
      ['note failed'],
    ],
    ['in which AWS was down', { kind: 'fault', reason: 'timeout', ...shown() }, ['note attempted']],
    ['that had no time', { kind: 'stopped', ...shown() }, ['note attempted']],
    ['that crashed', { kind: 'crash', crash: { kind: 'exit', error: 'x' }, ...shown() }, ['note crashed']],
    ['whose message AWS does not take', { kind: 'refused', reason: 'too large', ...shown() }, []],
    [
      'that got something through before it was not taken',
      { kind: 'retry', reason: '503', ...shown({ delivered: 559 }) },
      ['saveProgress', 'note progress', 'note failed'],
    ],
    [
      'that got something through before it crashed',
      { kind: 'crash', crash: { kind: 'exit', error: 'x' }, ...shown({ delivered: 1 }) },
      ['saveProgress', 'note progress', 'note crashed'],
    ],
    [
      'that got something through before its time was over',
      { kind: 'stopped', ...shown({ delivered: 1 }) },
      ['saveProgress', 'note progress'],
    ],
    [
      'that rejected an event, delivered another, and then failed',
      { kind: 'retry', reason: '503', ...shown({ delivered: 1, rejected: 1 }) },
      ['saveProgress', 'note progress', 'note rejected', 'note failed'],
    ],
    ['that threw what AWS said', throwing(new AccessFault('AccessDenied')), ['note failed']],
    ['that threw as AWS was down', throwing(new InfraFault('timeout')), ['note attempted']],
  ])('%s, of a stage that recovers', async (_, outcome, expected) => {
    recovering();
    await run(outcome);
    expect(told()).toEqual(expected);
  });

  it.each([true, false])(
    'is told as failed with its text, and whether AWS refused it (%s)',
    async (access) => {
      await run(
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

  it('is told as rejected with why', async () => {
    await run({ kind: 'done', ...shown({ rejected: 3, rejection: 'answered 400: no such list' }) });
    expect(stage.state.mode(STAGE)).toMatchObject({
      rejecting: { since: stage.now, count: 1 },
      lastRejection: { text: 'answered 400: no such list' },
    });
  });

  it('whose events were all rejected is no progress', async () => {
    await run({ kind: 'done', ...shown({ rejected: 3 }) });
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
    'to %s is told as well: nothing was attempted for it',
    async (method) => {
      const denied = () => Promise.reject(new AccessFault('AccessDenied: parking table'));
      await stage.parking.touchHead(STAGE, 'a', { token: 't', now: 1, reason: 'r' });
      const { parking } = stage.deps();
      const batch = [stage.message('a1', 'a', { receiveCount: 2 })];
      expect(await stage.run(batch, { parking: replaced(parking, { [method]: denied }) })).toEqual(['a1']);
      expect(told()).toEqual(['note failed']);
      expect(stage.state.mode(STAGE).lastRefusal).toMatchObject({ text: 'AccessDenied: parking table' });
    },
  );

  it('is not what a failure of AWS is', async () => {
    stage.faults.set('parking.hasMessage', 'before');
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(told()).toEqual([]);
  });
});

describe('progress of a stage that is well', () => {
  it('is told to nobody, and written once a minute', async () => {
    const start = stage.now;
    for (const at of [0, 30, 59, 60, 90]) {
      stage.now = start + at * SECOND;
      await run(DELIVERED);
    }
    expect(told()).toEqual(['saveProgress', 'saveProgress']);
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: start + MINUTE });
  });

  it('is written by each environment for itself', async () => {
    await run(DELIVERED);
    stage.progressNote = new ProgressNote({ minute: MINUTE, window: MODE_SETTINGS.window });
    stage.now += 1;
    await run(DELIVERED, 'b1');
    expect(told()).toEqual(['saveProgress', 'saveProgress']);
  });

  it('that was left out is written when another environment has seen a failure', async () => {
    await run(DELIVERED);
    stage.now += 10 * SECOND;
    const deliveredAt = stage.now;
    await run(DELIVERED);
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: deliveredAt - 10 * SECOND });
    stage.now += 10 * SECOND;
    await stage.note({ type: 'failed', epoch: 0, key: 'z', codeVersion: 'v1', text: 'x', refused: false });
    await run({ kind: 'stopped' }, 'c1');
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt });
  });

  it('that was left out is written as soon as the record is read: before a message, and with a batch that is not begun', async () => {
    const missed = () => {
      stage.state.progress.clear();
      stage.now += 2 * SECOND;
      stage.progressNote.made('deliveredAt', stage.now);
      return { deliveredAt: stage.now };
    };
    recovering();
    await stage.parking.touchHead(STAGE, 'p', { token: 't', now: 1, reason: 'r' });
    const first = missed();
    await stage.run([stage.message('p1', 'p')]);
    expect(stage.state.progress.get(STAGE)).toEqual(first);
    stage.setMode(STAGE, {});
    const second = missed();
    let during: unknown;
    const { parking } = stage.deps();
    const hasMessage = () => (recovering(), Promise.resolve(false));
    const process = () => {
      during = stage.state.progress.get(STAGE);
      return Promise.resolve(DELIVERED);
    };
    const batch = [stage.message('q1', 'q', { receiveCount: 2 })];
    await stage.run(batch, { process, parking: replaced(parking, { hasMessage }) });
    expect(during).toEqual(second);
  });

  it('that cannot be written is a setback, and is written later', async () => {
    recovering();
    stage.faults.set('state.saveProgress', 'before');
    expect(await run(DELIVERED)).toEqual([]);
    expect(stage.events).toMatchObject([{ type: 'setback', step: 'progress' }]);
    const deliveredAt = stage.now;
    stage.faults.clear();
    stage.now += SECOND;
    await run({ kind: 'stopped' }, 'b1');
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt });
  });
});

describe('a filtered event', () => {
  const filtered: Outcome = { kind: 'done', ...shown({ filtered: 1 }) };

  it('is progress while the door is not in doubt', async () => {
    await run(filtered);
    expect(stage.state.progress.get(STAGE)).toEqual({ filteredAt: stage.now });
  });

  it('is none while it is in doubt: neither written nor told', async () => {
    await run({ kind: 'retry', reason: '503' });
    stage.now += MINUTE;
    stage.calls.length = 0;
    await run(filtered, 'b1');
    expect(told()).toEqual([]);
    expect(stage.state.progress.size).toBe(0);
    // Long enough after the failure, the door is no longer in doubt.
    stage.now += 9 * MINUTE;
    await run(filtered, 'c1');
    expect(stage.state.progress.get(STAGE)).toEqual({ filteredAt: stage.now });
  });

  it('is one after a delivery that nobody else can know of yet', async () => {
    await run({ kind: 'retry', reason: '503' });
    stage.now += MINUTE;
    for (const call of ['state.saveProgress', 'note']) stage.faults.set(call, 'before');
    await run(DELIVERED, 'b1');
    await run(filtered, 'c1');
    const at = stage.now;
    stage.faults.clear();
    stage.now += SECOND;
    await run({ kind: 'stopped' }, 'd1');
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: at, filteredAt: at });
  });
});

describe('a redrive', () => {
  it('tells how much was processed since the one before', async () => {
    const poison = { failures: 0, charges: 3, stamp: '0:v1' };
    for (const id of ['a1', 'b1', 'c1']) await run(DELIVERED, id);
    for (const id of ['y1', 'z1']) {
      stage.state.attempts.set(id, poison);
      await stage.run([stage.message(id, id.slice(0, 1), { receiveCount: 4 })]);
      await run(DELIVERED, 'd1');
    }
    expect(stage.state.mode(STAGE).shares).toMatchObject([{ redriven: 2, processed: 4 }]);
  });
});

describe('that the mapping works', () => {
  const invoked = () => stage.calls.filter((call) => call === 'note invoked').length;

  it('is told by the first batch of a recovery, whatever becomes of its messages, and once', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now, since: 1 });
    stage.results.set('a1', { kind: 'stopped', ...shown() });
    await stage.run([stage.message('a1', 'a')]);
    await stage.run([stage.message('b1', 'b')]);
    expect(invoked()).toBe(1);
    expect(stage.state.mode(STAGE)).toMatchObject({ invoked: true });
  });

  it('is of no interest in a normal stage', async () => {
    await stage.run([stage.message('a1', 'a')]);
    expect(invoked()).toBe(0);
  });
});
