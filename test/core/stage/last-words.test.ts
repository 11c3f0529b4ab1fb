/** What a process does with the last words of the one before it: each rule of `last-words.ts`. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  heed,
  type HeldMessage,
  type SpokenDeps,
  type Words,
} from '../../../lambdas/core/stage/last-words.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { MemoryStage, STAGE } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';

let stage: MemoryStage;
let until: number;
beforeEach(() => {
  stage = new MemoryStage();
  until = stage.now + 1;
});

const held = (id: string): HeldMessage => {
  const { body, ...rest } = stage.message(id, id.slice(0, 1));
  expect(body).toBe(id);
  return rest;
};

/** @param inHand ids; those with a `+` have been charged already */
const words = (ids: readonly string[], inHand: readonly string[]): Words => ({
  codeVersion: 'v1',
  until,
  held: ids.map(held),
  inHand: inHand.map((name) => ({
    id: name.replace('+', ''),
    stamp: '4:v1',
    isCharged: name.endsWith('+'),
  })),
});

const heeded = (of: Words, deps: Partial<SpokenDeps> = {}): Promise<void> =>
  heed(of, { ...stage.deps(), landing: 0, ...deps });

const visibility = () => Object.fromEntries(stage.queue.visibility);

describe('a process that died with one message in hand', () => {
  it('is recorded as a crash of it: charged once, as a death, under the stamp of the attempt', async () => {
    await heeded(words(['a1', 'a2', 'b1'], ['a1']));
    expect([...stage.state.attempts]).toEqual([
      [
        'a1',
        {
          failures: 0,
          charges: 1,
          stamp: '4:v1',
          firstFailedAt: stage.now,
          lastFailedAt: stage.now,
          excused: 1,
          lastError:
            'the process ended (a native crash, a timeout, or out of memory) while processing this message',
          crash: {
            kind: 'death',
            error:
              'the process ended (a native crash, a timeout, or out of memory) while processing this message',
            codeVersion: 'v1',
            at: stage.now,
            messageId: 'a1',
            key: 'a',
          },
        },
      ],
    ]);
  });

  it('puts its key off for a moment, with the later messages behind it, and gives the others back', async () => {
    await heeded(words(['b1', 'a1', 'a2', 'c1'], ['a1']));
    expect(visibility()).toEqual({ b1: 0, a1: 1, a2: 1, c1: 0 });
    expect(stage.queue.deleted).toEqual([]);
  });

  it('gives a key back in one call, so that none of it overtakes another', async () => {
    await heeded(words(['a1', 'a2', 'b1'], ['a1']));
    const calls = stage.calls.filter((call) => call.startsWith('queue.'));
    expect(calls).toEqual(['queue.setVisibility a1 a2', 'queue.setVisibility b1']);
  });

  it('is reported with the message and the number of messages given back', async () => {
    await heeded(words(['a1', 'b1'], ['a1']));
    expect(stage.events).toMatchObject([{ type: 'died', messages: 2, message: { id: 'a1', groupId: 'a' } }]);
  });
});

describe('only what the dead process certainly still had is touched', () => {
  it('nothing after the messages may have become visible, to the millisecond', async () => {
    const late = words(['a1', 'b1'], ['a1']);
    stage.now = until;
    await heeded(late);
    expect(stage.calls).toEqual([]);
    expect(stage.events).toEqual([]);
    stage.now = until - 1;
    await heeded(late);
    expect(visibility()).toEqual({ a1: 1, b1: 0 });
  });

  it('no message that it had given back or deleted, although it was still in hand', async () => {
    await heeded(words(['b1'], ['a1']));
    expect(stage.state.attempts.size).toBe(0);
    expect(visibility()).toEqual({ b1: 0 });
    expect(stage.events).toEqual([{ type: 'died', messages: 1 }]);
  });

  it('nothing when it had nothing left', async () => {
    await heeded(words([], ['a1']));
    expect(stage.calls).toEqual([]);
    expect(stage.events).toEqual([]);
  });
});

describe('a message is charged only if it was the only one in hand', () => {
  it.each([
    ['several were', ['a1', 'b1']],
    ['none was: it died between two', []],
  ])('%s: nobody is charged, and all are given back', async (_, inHand) => {
    await heeded(words(['a1', 'b1'], inHand));
    expect(stage.state.attempts.size).toBe(0);
    expect(visibility()).toEqual({ a1: 0, b1: 0 });
    expect(stage.events).toStrictEqual([{ type: 'died', messages: 2 }]);
  });
});

describe('the mode machine', () => {
  it('is told of a death whose message is known, under the epoch of the attempt', async () => {
    stage.setMode(STAGE, { epoch: 4 });
    await heeded(words(['a1', 'b1'], ['a1']));
    expect(stage.state.mode(STAGE).deaths).toEqual([{ id: 'a1', at: stage.now }]);
    expect(stage.state.mode(STAGE).lastCrash).toMatchObject({ kind: 'death', messageId: 'a1' });
  });

  it('is told nothing when several were in hand', async () => {
    stage.setMode(STAGE, { epoch: 4 });
    await heeded(words(['a1', 'b1'], ['a1', 'b1']));
    expect(stage.calls).not.toContain('note died');
  });
});

describe('a charge that was written before the attempt', () => {
  const charged = { failures: 2, charges: 3, stamp: '4:v1', begunAt: 5 };

  it('is not written again: only that the process died at it; and the key is put off', async () => {
    stage.state.attempts.set('a1', charged);
    await heeded(words(['a1', 'b1'], ['a1+']));
    const { now } = stage;
    const failed = { firstFailedAt: now, lastFailedAt: now, excused: 1 };
    expect(stage.state.attempts.get('a1')).toEqual({ failures: 2, charges: 3, stamp: '4:v1', ...failed });
    expect(visibility()).toEqual({ a1: 1, b1: 0 });
    expect(stage.events).toMatchObject([{ type: 'died', message: { id: 'a1' } }]);
    expect(stage.calls).toContain('note died');
  });

  it.each([
    ['that has been taken back', { failures: 2 }],
    ['that is of another stamp', { ...charged, stamp: '5:v1' }],
    ['that nothing is known of', undefined],
  ])('%s is no death', async (_, attempt) => {
    if (attempt !== undefined) stage.state.attempts.set('a1', attempt);
    await heeded(words(['a1'], ['a1+']));
    expect(stage.state.attempts.get('a1')).toEqual(attempt);
    expect(stage.calls).not.toContain('note died');
  });

  it('that cannot be read is left to the next delivery, which finds that it died', async () => {
    stage.state.attempts.set('a1', charged);
    stage.faults.set('state.read', 'before');
    await heeded(words(['a1'], ['a1+']));
    expect(stage.calls).not.toContain('note died');
    expect(visibility()).toEqual({ a1: 1 });
    expect(stage.events.slice(1)).toMatchObject([{ type: 'setback', step: 'ledger' }]);
  });
});

describe('a death of a message that keeps failing while others get through', () => {
  const charged = { failures: 0, charges: 1, stamp: '4:v1', begunAt: 8, firstFailedAt: 1, lastFailedAt: 5 };
  beforeEach(() => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 4, since: 1, windowFrom: stage.now });
    stage.state.progress.set(STAGE, { deliveredAt: 7 });
  });
  const died = async (excused: number) => {
    stage.state.attempts.set('a1', { ...charged, excused });
    await heeded(words(['a1'], ['a1+']));
  };

  it('counts for its key', async () => {
    await died(1);
    expect(stage.state.attempts.get('a1')).toMatchObject({ excused: 2, lastFailedAt: stage.now });
    expect(stage.calls).toContain('note died');
  });

  it('is no evidence about the stage once that is trouble of its own: its next delivery parks it, without an attempt', async () => {
    await died(2);
    expect(stage.calls).not.toContain('note died');
    expect(await stage.run([stage.message('a1', 'a', { receiveCount: 3 })])).toEqual([]);
    expect(stage.calls).not.toContain('process a1');
    expect(stage.parked('a')).toEqual(['a1']);
    expect(stage.parking.head(STAGE, 'a')?.reason).toMatch(/^others get through, .*the process ended/);
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'recovering', redrives: [] });
  });
});

describe('the charge comes before the messages are given back', () => {
  it('a redelivered message finds it', async () => {
    let release = (): void => undefined;
    const written = new Promise<void>((done) => (release = done));
    const { state } = stage.deps();
    const saveAttempt: typeof state.saveAttempt = async (...args) => {
      await written;
      await state.saveAttempt(...args);
    };
    const done = heeded(words(['b1', 'a1'], ['a1']), { state: replaced(state, { saveAttempt }) });
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    expect(visibility()).toEqual({});
    release();
    await done;
    expect(stage.calls.map((call) => call.split(' ')[0])).toEqual([
      'state.read',
      'state.saveAttempt',
      'note',
      'queue.setVisibility',
      'queue.setVisibility',
    ]);
  });
});

describe('what the dead process had under way may still land', () => {
  it('so nothing is given back before it has, and a longer pause stays', async () => {
    await heeded(words(['a1', 'b1'], ['a1']), { landing: 6_001 });
    expect(visibility()).toEqual({ a1: 7, b1: 7 });
    const slow = { minBackoff: 60_000, maxBackoff: 60_000 };
    await heeded(words(['c1', 'd1'], ['c1']), { landing: 6_001, backoff: slow, random: () => 1 });
    expect(visibility()).toEqual({ a1: 7, b1: 7, c1: 60, d1: 7 });
  });
});

describe('what AWS fails to do', () => {
  it('a charge that cannot be written is a setback, and all are given back', async () => {
    stage.faults.set('state.saveAttempt', 'before');
    await heeded(words(['a1', 'b1'], ['a1']));
    expect(visibility()).toEqual({ a1: 1, b1: 0 });
    expect(stage.events.slice(1)).toEqual([
      { type: 'setback', step: 'ledger', error: expect.any(InfraFault) },
    ]);
  });

  it('a death that cannot be told is a setback, and all are given back', async () => {
    stage.faults.set('note', 'before');
    await heeded(words(['a1', 'b1'], ['a1']));
    expect(visibility()).toEqual({ a1: 1, b1: 0 });
    expect(stage.events.slice(1)).toMatchObject([{ type: 'setback', step: 'mode' }]);
  });

  it('a key that cannot be given back is a setback, and the next one is given back', async () => {
    stage.faults.set('queue.setVisibility a1', 'before');
    await heeded(words(['a1', 'b1'], []));
    expect(visibility()).toEqual({ b1: 0 });
    expect(stage.events.slice(1)).toMatchObject([{ type: 'setback', step: 'visibility' }]);
  });

  it('an error of our own is thrown', async () => {
    const bug = () => Promise.reject(new TypeError('a bug'));
    const state = replaced(stage.deps().state, { saveAttempt: bug });
    await expect(heeded(words(['a1'], ['a1']), { state })).rejects.toThrow('a bug');
    expect(visibility()).toEqual({});
  });
});

describe('what the next deliveries make of it', () => {
  it('a death counts from the first on: three are enough, and the message is redriven', async () => {
    await heeded({ ...words(['a1'], ['a1']), inHand: [{ id: 'a1', stamp: '0:v1', isCharged: false }] });
    stage.results.set('a1', { kind: 'crash', crash: { kind: 'exit', error: 'process.exit(1)' } });
    const message = stage.message('a1', 'a', { receiveCount: 2 });
    expect(await stage.runUntilGone(message)).toBe(4);
    expect(stage.calls.filter((call) => call === 'process a1')).toHaveLength(2);
    expect(stage.state.mode(STAGE).redrives).toEqual([{ id: 'a1', at: stage.now }]);
  });
});
