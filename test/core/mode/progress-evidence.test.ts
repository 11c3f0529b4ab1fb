/** When the progress of an attempt is written, and when a filtered event is progress. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { ProgressNote } from '../../../lambdas/core/mode/progress-note.ts';
import { replaced } from '../../support/ports-gate.ts';
import { EvidenceStage, shown } from '../../support/evidence-stage.ts';
import { DELIVERED, STAGE } from '../../support/memory-stage.ts';
import { MINUTE, MODE_SETTINGS, SECOND } from '../../support/mode-settings.ts';

let stage: EvidenceStage;
beforeEach(() => {
  stage = new EvidenceStage();
});
describe('progress of a stage that is well', () => {
  it('is not reported, and is written once a minute', async () => {
    const start = stage.now;
    for (const at of [0, 30, 59, 60, 90]) {
      stage.now = start + at * SECOND;
      await stage.attempt(DELIVERED);
    }
    expect(stage.reported()).toEqual(['saveProgress', 'saveProgress']);
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: start + MINUTE });
  });

  it('is written by each environment separately', async () => {
    await stage.attempt(DELIVERED);
    stage.progressNote = new ProgressNote({ minute: MINUTE, window: MODE_SETTINGS.window });
    stage.now += 1;
    await stage.attempt(DELIVERED, 'b1');
    expect(stage.reported()).toEqual(['saveProgress', 'saveProgress']);
  });

  it('that was not written yet is written when another environment has seen a failure', async () => {
    await stage.attempt(DELIVERED);
    stage.now += 10 * SECOND;
    const deliveredAt = stage.now;
    await stage.attempt(DELIVERED);
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: deliveredAt - 10 * SECOND });
    stage.now += 10 * SECOND;
    await stage.note({ type: 'failed', epoch: 0, key: 'z', codeVersion: 'v1', text: 'x', refused: false });
    await stage.attempt({ kind: 'stopped' }, 'c1');
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt });
  });

  it('that was not written yet is written as soon as the record is read: before a message, and with a batch that is not started', async () => {
    const missed = () => {
      stage.state.progress.clear();
      stage.now += 2 * SECOND;
      stage.progressNote.made('deliveredAt', stage.now);
      return { deliveredAt: stage.now };
    };
    stage.recovers();
    await stage.parking.touchHead(STAGE, 'p', { token: 't', now: 1, reason: 'r' });
    const first = missed();
    await stage.run([stage.message('p1', 'p')]);
    expect(stage.state.progress.get(STAGE)).toEqual(first);
    stage.setMode(STAGE, {});
    const second = missed();
    let during: unknown;
    const { parking } = stage.deps().ports;
    const hasMessage = () => (stage.recovers(), Promise.resolve(false));
    const process = () => {
      during = stage.state.progress.get(STAGE);
      return Promise.resolve(DELIVERED);
    };
    const batch = [stage.message('q1', 'q', { receiveCount: 2 })];
    await stage.run(batch, { ports: { process, parking: replaced(parking, { hasMessage }) } });
    expect(during).toEqual(second);
  });

  it('that cannot be written is a setback, and is written later', async () => {
    stage.recovers();
    stage.faults.set('state.saveProgress', 'before');
    expect(await stage.attempt(DELIVERED)).toEqual([]);
    expect(stage.events).toMatchObject([{ type: 'setback', step: 'progress' }]);
    const deliveredAt = stage.now;
    stage.faults.clear();
    stage.now += SECOND;
    await stage.attempt({ kind: 'stopped' }, 'b1');
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt });
  });
});

describe('a filtered event', () => {
  const filtered: Outcome = { kind: 'done', ...shown({ filtered: 1 }) };

  it('is progress while the door is not in doubt', async () => {
    await stage.attempt(filtered);
    expect(stage.state.progress.get(STAGE)).toEqual({ filteredAt: stage.now });
  });

  it('is no progress while the door is in doubt: neither written nor reported', async () => {
    await stage.attempt({ kind: 'retry', reason: '503' });
    stage.now += MINUTE;
    stage.calls.length = 0;
    await stage.attempt(filtered, 'b1');
    expect(stage.reported()).toEqual([]);
    expect(stage.state.progress.size).toBe(0);
    // Long enough after the failure, the door is no longer in doubt.
    stage.now += 9 * MINUTE;
    await stage.attempt(filtered, 'c1');
    expect(stage.state.progress.get(STAGE)).toEqual({ filteredAt: stage.now });
  });

  it('is progress after a delivery that is not stored yet', async () => {
    await stage.attempt({ kind: 'retry', reason: '503' });
    stage.now += MINUTE;
    for (const call of ['state.saveProgress', 'note']) stage.faults.set(call, 'before');
    await stage.attempt(DELIVERED, 'b1');
    await stage.attempt(filtered, 'c1');
    const at = stage.now;
    stage.faults.clear();
    stage.now += SECOND;
    await stage.attempt({ kind: 'stopped' }, 'd1');
    expect(stage.state.progress.get(STAGE)).toEqual({ deliveredAt: at, filteredAt: at });
  });
});
