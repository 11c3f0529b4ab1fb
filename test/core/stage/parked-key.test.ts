/** The order of parked messages, and what happens to the later messages of a parked key. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deadLetterSortOf, shardOf, sortOf } from '../../../lambdas/core/stage/parking.ts';
import { HEAD_SHARDS } from '../../../lambdas/core/stage/parking-port.ts';
import { MemoryStage, STAGE } from '../../support/memory-stage.ts';

let stage: MemoryStage;
beforeEach(() => {
  stage = new MemoryStage();
});

const parkKey = (key: string) =>
  stage.parking.touchHead(STAGE, key, { token: 't0', now: stage.now, reason: 'before' });

describe('places', () => {
  const sequence = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String);

  it('sort as strings in the order of sequence numbers, however many digits they have', () => {
    fc.assert(
      fc.property(sequence, sequence, (a, b) => {
        const [first, second] = [a, b].map((sequenceNumber) => sortOf({ sequenceNumber }));
        expect((first ?? '') < (second ?? '')).toBe(BigInt(a) < BigInt(b));
      }),
    );
  });

  it('put dead letters before all others, by the time when they were moved, then by sequence', () => {
    fc.assert(
      fc.property(fc.nat(), sequence, fc.nat(), sequence, sequence, (sentA, a, sentB, b, other) => {
        const first = deadLetterSortOf({ sentAt: sentA, sequenceNumber: a });
        const second = deadLetterSortOf({ sentAt: sentB, sequenceNumber: b });
        expect(first < sortOf({ sequenceNumber: other })).toBe(true);
        expect(first < second).toBe(sentA === sentB ? BigInt(a) < BigInt(b) : sentA < sentB);
      }),
    );
  });

  it('put the head’s sort key after those of all messages', () => {
    expect(sortOf({ sequenceNumber: '9'.repeat(39) }) < 'HEAD').toBe(true);
  });

  it('have shards that are evenly spread and stable', () => {
    const shards = Array.from({ length: 1_000 }, (_, i) => shardOf(`key ${i}`));
    expect(new Set(shards).size).toBe(HEAD_SHARDS);
    expect(shards.every((shard) => Number.isInteger(shard) && shard >= 0 && shard < HEAD_SHARDS)).toBe(true);
    expect([shardOf('a'), shardOf('b'), shardOf('c')]).toEqual([0, 6, 3]);
  });
});

describe('a parked key', () => {
  it('gets its later messages, unprocessed and uncounted, each deleted before the next', async () => {
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

  it('gets its head for a message that was parked by a delivery that died before P2; the message is not processed', async () => {
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

  it('keeps what the ledger knows of a message, for the drain to continue from', async () => {
    await parkKey('a');
    const attempt = { failures: 2, progress: { events: 3, done: 'first' } };
    stage.state.attempts.set('a1', attempt);
    await stage.run([stage.message('a1', 'a', { receiveCount: 3 })]);
    expect(stage.parking.messages(STAGE, 'a')[0]?.attempt).toEqual(attempt);
  });
});
