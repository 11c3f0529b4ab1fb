import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Process } from '../../../lambdas/core/stage/outcome.ts';
import { MemoryStage, STAGE } from '../../support/memory-stage.ts';
import { DAY, SECOND } from '../../support/mode-settings.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const crash = (): never => {
  throw new TypeError('cannot read properties of undefined');
};

const processed = (): string[] =>
  stage.calls.filter((call) => call.startsWith('process ')).map((call) => call.slice('process '.length));

const visibility = () => Object.fromEntries(stage.queue.visibility);

describe('order within a key', () => {
  it('does not begin later messages of a key after one that is not done', async () => {
    stage.results.set('a2', { kind: 'retry', reason: '500' });
    const batch = ['a1', 'a2', 'a3'].map((id) => stage.message(id, 'a')).concat(stage.message('b1', 'b'));
    expect(await stage.run(batch)).toEqual(['a2', 'a3']);
    expect(processed().sort()).toEqual(['a1', 'a2', 'b1']);
  });

  it('deletes a done message before the next of its key begins, and leaves the last to the batch response', async () => {
    expect(await stage.run([stage.message('a1', 'a'), stage.message('a2', 'a')])).toEqual([]);
    expect(stage.calls.slice(1)).toEqual([
      ...['process a1', 'queue.delete a1', 'state.saveProgress', 'process a2'],
    ]);
  });

  it('deletes a redelivered message immediately', async () => {
    await stage.run([stage.message('a1', 'a', { receiveCount: 2 })]);
    expect(stage.queue.deleted).toEqual(['a1']);
  });

  it('stops the key when a delete fails, and leaves the done message to the batch response', async () => {
    stage.faults.set('queue.delete', 'before');
    expect(await stage.run([stage.message('a1', 'a'), stage.message('a2', 'a')])).toEqual(['a2']);
    expect(processed()).toEqual(['a1']);
    expect(visibility()).toEqual({ a2: 0 });
    expect(stage.events).toMatchObject([{ type: 'setback', step: 'delete' }]);
  });
});

describe('a stage whose work may be repeated', () => {
  const run = (...messages: Parameters<MemoryStage['run']>[0]) => {
    const process = Object.assign(stage.deps().ports.process, { isRepeatable: true as const });
    return stage.run(messages, { ports: { process } });
  };
  const first = (id: string) => stage.message(id, 'a');

  it('leaves what is done at its first delivery to the response of the batch', async () => {
    expect(await run(first('a1'), first('a2'), first('a3'))).toEqual([]);
    expect(processed()).toEqual(['a1', 'a2', 'a3']);
    expect(stage.queue.deleted).toEqual([]);
  });

  it('does the same with what is before a message that is not done', async () => {
    stage.results.set('a3', { kind: 'retry', reason: '500' });
    expect(await run(first('a1'), first('a2'), first('a3'), first('a4'))).toEqual(['a3', 'a4']);
    expect(stage.queue.deleted).toEqual([]);
  });

  it('deletes it, the oldest first, before a later message of its key is parked', async () => {
    stage.results.set('a3', { kind: 'refused', reason: 'too large' });
    expect(await run(first('a1'), first('a2'), first('a3'), first('a4'))).toEqual([]);
    const calls = stage.calls.filter((call) => /^(queue\.delete|parking\.put)/.test(call));
    expect(calls.slice(0, 3)).toEqual(['queue.delete a1', 'queue.delete a2', 'parking.putMessage a3']);
  });

  it('parks nothing when such a deletion fails: the key stops there', async () => {
    stage.results.set('a3', { kind: 'refused', reason: 'too large' });
    stage.faults.set('queue.delete a2', 'before');
    expect(await run(first('a1'), first('a2'), first('a3'), first('a4'))).toEqual(['a3', 'a4']);
    expect(stage.queue.deleted).toEqual(['a1']);
    expect(stage.calls.filter((call) => call.startsWith('parking.put'))).toEqual([]);
    expect(visibility()).toEqual({ a3: 0, a4: 0 });
  });

  it('deletes it before a redelivered message, which it deletes immediately', async () => {
    expect(await run(first('a1'), stage.message('a2', 'a', { receiveCount: 2 }), first('a3'))).toEqual([]);
    expect(stage.queue.deleted).toEqual(['a1', 'a2']);
  });
});

describe('keys of one batch', () => {
  it('run concurrently at their first delivery', async () => {
    // Each waits for the other: in sequence they would hang.
    let release = (): void => undefined;
    const gate = new Promise<void>((done) => (release = done));
    const process: Process = async ({ id }) => {
      if (id === 'b1') release();
      await gate;
      return { kind: 'done' };
    };
    expect(
      await stage.run([stage.message('a1', 'a'), stage.message('b1', 'b')], { ports: { process } }),
    ).toEqual([]);
  });

  it('run in sequence when one is redelivered: new ones, then those without a charge, then by charges', async () => {
    stage.state.attempts.set('a1', { failures: 0, charges: 2, stamp: '0:v1' });
    stage.state.attempts.set('b1', { failures: 0, charges: 1, stamp: '0:v0' });
    stage.state.attempts.set('c1', { failures: 4 });
    let running = 0;
    const order: string[] = [];
    const process: Process = async ({ id }) => {
      running += 1;
      expect(running).toBe(1);
      order.push(id);
      await Promise.resolve();
      running -= 1;
      return { kind: 'done' };
    };
    const batch = [
      ...['a', 'b', 'c'].map((key) => stage.message(`${key}1`, key, { receiveCount: 3 })),
      ...['d', 'e'].map((key) => stage.message(`${key}1`, key)),
    ];
    await stage.run(batch, { ports: { process } });
    expect(order).toEqual(['d1', 'e1', 'c1', 'b1', 'a1']);
  });

  it('are as suspect as their most charged message, even if their other messages are new', async () => {
    stage.state.attempts.set('a1', { failures: 0, charges: 2, stamp: '0:v1' });
    stage.state.attempts.set('b1', { failures: 0, charges: 1, stamp: '0:v1' });
    const old = { receiveCount: 3 };
    await stage.run([
      ...[stage.message('a1', 'a', old), stage.message('a2', 'a', old), stage.message('a3', 'a')],
      ...[stage.message('b1', 'b', old), stage.message('c1', 'c')],
    ]);
    expect(processed()).toEqual(['c1', 'b1', 'a1', 'a2', 'a3']);
  });

  it('are not affected by a crash in another', async () => {
    stage.results.set('a1', crash);
    expect(await stage.run([stage.message('a1', 'a'), stage.message('b1', 'b')])).toEqual(['a1']);
    expect(stage.events).toMatchObject([{ type: 'crash', message: { id: 'a1' } }]);
    expect(stage.state.attempts.get('a1')?.lastError).toContain('cannot read properties');
  });

  it('all end before an error of our own in one is thrown: nothing continues after the answer', async () => {
    const later: string[] = [];
    const deps = stage.deps();
    const process: Process = async ({ id }) => {
      if (id === 'a1') crash();
      for (let i = 0; i < 20; i++) await Promise.resolve();
      later.push(id);
      return { kind: 'done' };
    };
    const saveAttempt = () => Promise.reject(new TypeError('a bug'));
    const state = replaced(deps.ports.state, { saveAttempt });
    const run = stage.run([stage.message('a1', 'a'), stage.message('b1', 'b')], {
      ports: { process, state },
    });
    await expect(run).rejects.toThrow('a bug');
    expect(later).toEqual(['b1']);
  });
});

describe('a deferred batch', () => {
  const batch = () => [stage.message('a1', 'a', { receiveCount: 3 }), stage.message('b1', 'b')];

  it.each([
    ['the stage is degraded', STAGE, { mode: 'degraded' }],
    ['the stage is held', STAGE, { held: true }],
    ['the system is degraded', 'router', { mode: 'degraded' }],
    ['the system is held', 'router', { mode: 'recovering', held: true }],
  ] as const)('starts, charges and deletes nothing while %s', async (_, of, mode) => {
    stage.setMode(of, mode);
    expect(await stage.run(batch())).toEqual(['b1', 'a1']);
    // The highest receive count decides for all: 10 s times 3.
    expect(visibility()).toEqual({ a1: 30, b1: 30 });
    expect(stage.calls.map((call) => call.split(' ')[0])).toEqual(['state.read', 'queue.setVisibility']);
    expect(stage.events).toEqual([{ type: 'deferred', reason: 'blocked', messages: 2 }]);
  });

  it('starts nothing when the state cannot be read', async () => {
    stage.faults.set('state.read', 'before');
    expect(await stage.run(batch())).toEqual(['a1', 'b1']);
    expect(processed()).toEqual([]);
    expect(visibility()).toEqual({ a1: 30, b1: 30 });
    expect(stage.events).toMatchObject([{ type: 'deferred', reason: 'state unreadable' }]);
  });

  it('fails even when SQS does not accept the delay', async () => {
    stage.faults.set('state.read', 'before').set('queue.setVisibility', 'before');
    expect(await stage.run(batch())).toEqual(['a1', 'b1']);
  });

  it('is not needed while the stage is recovering', async () => {
    stage.setMode(STAGE, { mode: 'recovering' });
    expect(await stage.run(batch())).toEqual([]);
  });

  it('is not the answer to an error of our own in reading the state', async () => {
    const read = () => Promise.reject(new TypeError('a bug'));
    const state = replaced(stage.deps().ports.state, { read });
    await expect(stage.run(batch(), { ports: { state } })).rejects.toThrow('a bug');
  });

  it('does not park messages of a parked key: they can wait in the queue', async () => {
    await stage.parking.touchHead(STAGE, 'a', { token: 't', now: 0, reason: 'r' });
    stage.setMode(STAGE, { mode: 'degraded' });
    expect(await stage.run([stage.message('a1', 'a')])).toEqual(['a1']);
    expect(stage.parked('a')).toEqual([]);
  });
});

describe('the spill: SQS deletes at 14 days', () => {
  const old = { sentAt: Date.UTC(2026, 0, 1) - 7 * DAY };

  it('a blocked stage that spills parks everything, in order, and neither processes nor counts it', async () => {
    stage.setMode(STAGE, { mode: 'degraded', spill: true });
    const batch = [stage.message('a1', 'a', { receiveCount: 9 }), stage.message('a2', 'a')];
    expect(await stage.run([...batch, stage.message('b1', 'b')])).toEqual([]);
    expect([stage.parked('a'), stage.parked('b')]).toEqual([['a1', 'a2'], ['b1']]);
    expect(processed()).toEqual([]);
    expect(stage.calls.filter((call) => call.startsWith('note'))).toEqual([]);
    expect(stage.queue.deleted).toEqual(['a1']);
  });

  it.each([['normal'], ['degraded']] as const)(
    'an old message is parked while the stage is %s',
    async (mode) => {
      stage.setMode(STAGE, { mode });
      const batch = [stage.message('a1', 'a', old), stage.message('a2', 'a'), stage.message('b1', 'b')];
      const kept = await stage.run(batch);
      expect(stage.parked('a')).toEqual(['a1', 'a2']);
      expect(processed()).toEqual(mode === 'normal' ? ['b1'] : []);
      expect(kept).toEqual(mode === 'normal' ? [] : ['b1']);
      expect(stage.events).toContainEqual(
        expect.objectContaining({
          type: 'parked',
          reason: 'it has been in the queue for 7 days',
          counted: false,
        }),
      );
    },
  );

  it('a message that is slightly younger is not', async () => {
    const batch = [stage.message('a1', 'a', { sentAt: old.sentAt + 1 })];
    expect(await stage.run(batch)).toEqual([]);
    expect(processed()).toEqual(['a1']);
  });
});

describe('time left', () => {
  it('does not start a message that may not finish; it is returned immediately, without a failure', async () => {
    const process: Process = async () => {
      stage.timeLeft -= 55 * SECOND;
      return Promise.resolve({ kind: 'done' });
    };
    const batch = [stage.message('a1', 'a'), stage.message('a2', 'a')];
    expect(await stage.run(batch, { ports: { process } })).toEqual(['a2']);
    expect(visibility()).toEqual({ a2: 0 });
    expect(stage.state.attempts.size).toBe(0);
  });

  it('is checked again right before a charge: the steps before it may have taken long', async () => {
    const readModes = async () => {
      stage.timeLeft = 1;
      return stage.state.readStored(STAGE, 'router');
    };
    expect(await stage.run([stage.message('a1', 'a', { receiveCount: 2 })], { mode: { readModes } })).toEqual(
      ['a1'],
    );
    expect(processed()).toEqual([]);
    expect(stage.state.attempts.size).toBe(0);
  });

  it('keeps the progress of a message that stopped in the middle', async () => {
    const progress = { events: 3, done: 'first' };
    stage.results.set('a1', { kind: 'stopped', progress });
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.state.attempts.get('a1')).toEqual({ failures: 0, progress });
  });
});
