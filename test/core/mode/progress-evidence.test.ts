/** When the progress of an attempt is written, and when a filtered event is progress. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome, Shown } from '../../../lambdas/core/stage/outcome.ts';
import { ProgressNote } from '../../../lambdas/core/mode/progress-note.ts';
import { replaced } from '../../support/ports-gate.ts';
import { DELIVERED, MemoryStage, STAGE } from '../../support/memory-stage.ts';
import { MINUTE, MODE_SETTINGS, SECOND } from '../../support/mode-settings.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});
const shown = (more: Partial<Shown> = {}) => ({ shown: { delivered: 0, filtered: 0, rejected: 0, ...more } });
const recovering = () => {
  stage.setMode(STAGE, { mode: 'recovering', epoch: 2, since: 1, windowFrom: stage.now });
};
/** What was written and reported, in order. */
const reported = (): string[] =>
  stage.calls
    .filter((call) => /^(note|state.saveProgress)/.test(call) && call !== 'note invoked')
    .map((call) => call.split('.').at(-1) ?? '');
const run = async (outcome: Outcome | (() => never), id = 'a1') => {
  stage.results.set(id, outcome);
  return stage.run([stage.message(id, id.slice(0, 1))]);
};

describe('progress of a stage that is well', () => {
  it('is not reported, and is written once a minute', async () => {
    const start = stage.now;
    for (const at of [0, 30, 59, 60, 90]) {
      stage.now = start + at * SECOND;
      await run(DELIVERED);
    }
    expect(reported()).toEqual(['saveProgress', 'saveProgress']);
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: start + MINUTE });
  });

  it('is written by each environment separately', async () => {
    await run(DELIVERED);
    stage.progressNote = new ProgressNote({ minute: MINUTE, window: MODE_SETTINGS.window });
    stage.now += 1;
    await run(DELIVERED, 'b1');
    expect(reported()).toEqual(['saveProgress', 'saveProgress']);
  });

  it('that was not written yet is written when another environment has seen a failure', async () => {
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

  it('that was not written yet is written as soon as the record is read: before a message, and with a batch that is not started', async () => {
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
    const { parking } = stage.deps().ports;
    const hasMessage = () => (recovering(), Promise.resolve(false));
    const process = () => {
      during = stage.state.progress.get(STAGE);
      return Promise.resolve(DELIVERED);
    };
    const batch = [stage.message('q1', 'q', { receiveCount: 2 })];
    await stage.run(batch, { ports: { process, parking: replaced(parking, { hasMessage }) } });
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

  it('is no progress while the door is in doubt: neither written nor reported', async () => {
    await run({ kind: 'retry', reason: '503' });
    stage.now += MINUTE;
    stage.calls.length = 0;
    await run(filtered, 'b1');
    expect(reported()).toEqual([]);
    expect(stage.state.progress.size).toBe(0);
    // Long enough after the failure, the door is no longer in doubt.
    stage.now += 9 * MINUTE;
    await run(filtered, 'c1');
    expect(stage.state.progress.get(STAGE)).toEqual({ filteredAt: stage.now });
  });

  it('is progress after a delivery that is not stored yet', async () => {
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
