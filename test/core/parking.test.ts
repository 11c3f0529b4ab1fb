import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from '../../lambdas/core/outcome.ts';
import { deadLetterSortOf, shardOf, sortOf } from '../../lambdas/core/parking.ts';
import { HEAD_SHARDS } from '../../lambdas/core/parking-port.ts';
import { InfraFault, type IncomingMessage } from '../../lambdas/core/ports.ts';
import { HOUR, MemoryStage, MINUTE, STAGE } from '../support/memory-stage.ts';
import { replaced } from '../support/ports-gate.ts';

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

describe('places', () => {
  const sequence = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String);

  it('text order is the order of sequence numbers, however many digits they have', () => {
    fc.assert(
      fc.property(sequence, sequence, (a, b) => {
        const [first, second] = [a, b].map((sequenceNumber) => sortOf({ sequenceNumber }));
        expect((first ?? '') < (second ?? '')).toBe(BigInt(a) < BigInt(b));
      }),
    );
  });

  it('dead letters come before all others, by when they were moved, then by sequence', () => {
    fc.assert(
      fc.property(fc.nat(), sequence, fc.nat(), sequence, sequence, (sentA, a, sentB, b, other) => {
        const first = deadLetterSortOf({ sentAt: sentA, sequenceNumber: a });
        const second = deadLetterSortOf({ sentAt: sentB, sequenceNumber: b });
        expect(first < sortOf({ sequenceNumber: other })).toBe(true);
        expect(first < second).toBe(sentA === sentB ? BigInt(a) < BigInt(b) : sentA < sentB);
      }),
    );
  });

  it('a head’s sort key comes after all messages’', () => {
    expect(sortOf({ sequenceNumber: '9'.repeat(39) }) < 'HEAD').toBe(true);
  });

  it('shards are spread and stay where they are', () => {
    const shards = Array.from({ length: 1_000 }, (_, i) => shardOf(`key ${i}`));
    expect(new Set(shards).size).toBe(HEAD_SHARDS);
    expect(shards.every((shard) => Number.isInteger(shard) && shard >= 0 && shard < HEAD_SHARDS)).toBe(true);
    expect([shardOf('a'), shardOf('b'), shardOf('c')]).toEqual([0, 6, 3]);
  });
});

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
      'modes.readModes router',
      'state.saveAttempt a1',
      'process a1',
      'queue.delete a1',
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
    expect(stage.queue.visibility.get('b1')).toBe(300);
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

describe('a parked key', () => {
  it('takes its later messages, unprocessed and uncounted, each deleted before the next', async () => {
    await parkKey('a');
    expect(await stage.run([stage.message('a1', 'a'), stage.message('a2', 'a')])).toEqual([]);
    expect(stage.calls.slice(1)).toEqual([
      'parking.putMessage a1',
      'parking.touchHead a',
      'queue.delete a1',
      'parking.putMessage a2',
      'parking.touchHead a',
    ]);
  });

  it('stops when a parked message cannot be deleted', async () => {
    await parkKey('a');
    stage.faults.set('queue.delete', 'before');
    expect(await stage.run([stage.message('a1', 'a'), stage.message('a2', 'a')])).toEqual(['a2']);
    expect(stage.parked('a')).toEqual(['a1']);
  });

  it('a message that was parked by a delivery that died before P2 gets its head, and is not processed', async () => {
    const message = stage.message('a1', 'a', { receiveCount: 2 });
    stage.faults.set('parking.touchHead', 'before');
    stage.setMode(STAGE, { mode: 'degraded', spill: true });
    expect(await stage.run([message])).toEqual(['a1']);
    stage.faults.clear();
    stage.setMode(STAGE, {});
    expect(stage.parking.head(STAGE, 'a')).toBeUndefined();
    expect(await stage.run([message, stage.message('a2', 'a')])).toEqual([]);
    expect(stage.calls).not.toContain('process a1');
    expect(stage.parking.head(STAGE, 'a')).toBeDefined();
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
  });

  it('keeps what the ledger knows of a message, for the drain to go on from', async () => {
    await parkKey('a');
    const attempt = { failures: 2, progress: { events: 3, done: 'first' } };
    stage.state.attempts.set('a1', attempt);
    await stage.run([stage.message('a1', 'a', { receiveCount: 3 })]);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toEqual(attempt);
  });
});

describe('a key that keeps failing', () => {
  const failing = (since: number) => {
    stage.state.attempts.set('a1', { failures: 9, firstFailedAt: stage.now - since, charges: 0 });
    stage.results.set('a1', { kind: 'retry', reason: '503' });
    return [
      stage.message('a1', 'a', { receiveCount: 10 }),
      stage.message('a2', 'a'),
      stage.message('b1', 'b'),
    ];
  };

  it('is parked after 15 minutes in a normal stage, and not counted as a redrive', async () => {
    expect(await stage.run(failing(15 * MINUTE))).toEqual([]);
    expect(stage.parked('a')).toEqual(['a1', 'a2']);
    expect(stage.state.mode(STAGE).redrives).toEqual([]);
    expect(stage.parking.head(STAGE, 'a')?.reason).toBe('it has failed for 15 minutes: 503');
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toMatchObject({ failures: 10, lastError: '503' });
  });

  it('is not parked a moment earlier, nor while the stage recovers', async () => {
    expect(await stage.run(failing(15 * MINUTE - 1))).toEqual(['a1', 'a2']);
    stage.setMode(STAGE, { mode: 'recovering' });
    expect(await stage.run(failing(15 * MINUTE))).toEqual(['a1', 'a2']);
  });

  it('is not parked when its failure opens the breaker', async () => {
    const failures = { since: stage.now - 3 * MINUTE, count: 19, keys: ['b', 'c'] };
    stage.setMode(STAGE, { failing: failures });
    expect(await stage.run(failing(15 * MINUTE).slice(0, 1))).toEqual(['a1']);
    expect(stage.state.mode(STAGE).mode).toBe('degraded');
    expect(stage.parked('a')).toEqual([]);
  });

  it('keeps no charge when it cannot be parked', async () => {
    stage.faults.set('parking.putMessage', 'before');
    expect(await stage.run(failing(15 * MINUTE))).toEqual(['a1', 'a2']);
    expect(stage.state.attempts.get('a1')?.charges).toBe(0);
  });
});

describe('while the stage recovers', () => {
  it('a caught crash before the first success is told to the mode machine', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now - MINUTE, since: 1 });
    stage.results.set('a1', crash);
    await stage.run([stage.message('a1', 'a')]);
    expect(stage.state.mode(STAGE).windowFrom).toBe(stage.now);
  });

  it('successes are told, and none more once it is normal; a crash after a success is not', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, successes: 18, windowFrom: stage.now, since: 1 });
    stage.results.set('z1', crash);
    const batch = ['a', 'b', 'c', 'z'].map((key) => stage.message(`${key}1`, key));
    await stage.run(batch);
    expect(stage.state.mode(STAGE)).toMatchObject({ mode: 'normal', epoch: 3 });
    expect(stage.calls.filter((call) => call.startsWith('note'))).toEqual([
      'note succeeded',
      'note succeeded',
    ]);
  });

  it('a success that cannot be told is a setback, and the message is done', async () => {
    stage.setMode(STAGE, { mode: 'recovering', epoch: 2, windowFrom: stage.now, since: 1 });
    stage.faults.set('note', 'before');
    expect(await stage.run([stage.message('a1', 'a')])).toEqual([]);
    expect(stage.events).toMatchObject([{ type: 'setback', step: 'mode' }]);
  });
});
