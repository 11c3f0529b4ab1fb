/** What a process does with the last words of the previous one: what it charges, reports and gives back. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { STAGE } from '../../support/memory-stage.ts';
import { replaced } from '../../support/ports-gate.ts';
import { LastWordsStage } from './last-words-stage.ts';

let stage: LastWordsStage;
beforeEach(() => {
  stage = new LastWordsStage();
});

describe('a process that died with one message in hand', () => {
  it('is recorded as a crash of it: charged once, as a death, under the stamp of the attempt', async () => {
    await stage.heeded(stage.left(['a1', 'a2', 'b1'], ['a1']));
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

  it('delays its key for a moment, with the later messages behind it, and gives the others back', async () => {
    await stage.heeded(stage.left(['b1', 'a1', 'a2', 'c1'], ['a1']));
    expect(stage.visibility()).toEqual({ b1: 0, a1: 1, a2: 1, c1: 0 });
    expect(stage.queue.deleted).toEqual([]);
  });

  it('gives a key back in one call, so that none of it overtakes another', async () => {
    await stage.heeded(stage.left(['a1', 'a2', 'b1'], ['a1']));
    const calls = stage.calls.filter((call) => call.startsWith('queue.'));
    expect(calls).toEqual(['queue.setVisibility a1 a2', 'queue.setVisibility b1']);
  });

  it('is reported with the message and the number of messages given back', async () => {
    await stage.heeded(stage.left(['a1', 'b1'], ['a1']));
    expect(stage.events).toMatchObject([{ type: 'died', messages: 2, message: { id: 'a1', groupId: 'a' } }]);
  });
});

describe('only messages that the dead process certainly still had are touched', () => {
  it('none once the messages may have become visible, to the millisecond', async () => {
    const late = stage.left(['a1', 'b1'], ['a1']);
    stage.now = stage.until;
    await stage.heeded(late);
    expect(stage.calls).toEqual([]);
    expect(stage.events).toEqual([]);
    stage.now = stage.until - 1;
    await stage.heeded(late);
    expect(stage.visibility()).toEqual({ a1: 1, b1: 0 });
  });

  it('none that it had given back or deleted, although it was still in hand', async () => {
    await stage.heeded(stage.left(['b1'], ['a1']));
    expect(stage.state.attempts.size).toBe(0);
    expect(stage.visibility()).toEqual({ b1: 0 });
    expect(stage.events).toEqual([{ type: 'died', messages: 1 }]);
  });

  it('none when it had none left', async () => {
    await stage.heeded(stage.left([], ['a1']));
    expect(stage.calls).toEqual([]);
    expect(stage.events).toEqual([]);
  });
});

describe('a message is charged only if it was the only one in hand', () => {
  it.each([
    ['several were', ['a1', 'b1']],
    ['no message was: it died between two', []],
  ])('%s: no message is charged, and all are given back', async (_, inHand) => {
    await stage.heeded(stage.left(['a1', 'b1'], inHand));
    expect(stage.state.attempts.size).toBe(0);
    expect(stage.visibility()).toEqual({ a1: 0, b1: 0 });
    expect(stage.events).toStrictEqual([{ type: 'died', messages: 2 }]);
  });
});

describe('a report to the mode machine', () => {
  it('is made of a death whose message is known, under the epoch of the attempt', async () => {
    stage.setMode(STAGE, { epoch: 4 });
    await stage.heeded(stage.left(['a1', 'b1'], ['a1']));
    expect(stage.state.mode(STAGE).deaths).toEqual([{ id: 'a1', at: stage.now }]);
    expect(stage.state.mode(STAGE).lastCrash).toMatchObject({ kind: 'death', messageId: 'a1' });
  });

  it('is not made when several were in hand', async () => {
    stage.setMode(STAGE, { epoch: 4 });
    await stage.heeded(stage.left(['a1', 'b1'], ['a1', 'b1']));
    expect(stage.calls).not.toContain('note died');
  });
});

describe('the charge comes before the messages are given back', () => {
  it('so a redelivered message is already charged', async () => {
    let release = (): void => undefined;
    const written = new Promise<void>((done) => (release = done));
    const { state } = stage.deps().ports;
    const saveAttempt: typeof state.saveAttempt = async (...args) => {
      await written;
      await state.saveAttempt(...args);
    };
    const done = stage.heeded(stage.left(['b1', 'a1'], ['a1']), {
      ports: { state: replaced(state, { saveAttempt }) },
    });
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    expect(stage.visibility()).toEqual({});
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

describe('calls of the dead process may still take effect', () => {
  it('so nothing is given back before they have, and a longer delay stays', async () => {
    await stage.heeded(stage.left(['a1', 'b1'], ['a1']), { landing: 6_001 });
    expect(stage.visibility()).toEqual({ a1: 7, b1: 7 });
    const slow = { minBackoff: 60_000, maxBackoff: 60_000 };
    await stage.heeded(stage.left(['c1', 'd1'], ['c1']), {
      landing: 6_001,
      time: { backoff: slow, random: () => 1 },
    });
    expect(stage.visibility()).toEqual({ a1: 7, b1: 7, c1: 60, d1: 7 });
  });
});
