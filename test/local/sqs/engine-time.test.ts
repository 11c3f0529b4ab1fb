import { describe, expect, test } from '@jest/globals';
import { DAY, HOUR, MINUTE, SECOND, send, START, withQueue } from './test-bench.ts';

describe('time', () => {
  test('messages older than the retention period are gone, in flight or not, without polling', () => {
    const bench = withQueue({ MessageRetentionPeriod: '3600', VisibilityTimeout: '43200' });
    send(bench.engine, 'g', 'a');
    bench.pass(HOUR / 2);
    send(bench.engine, 'g', 'b');
    expect(bench.engine.receive('q.fifo')).toHaveLength(1);
    bench.pass(HOUR / 2);
    expect(bench.engine.counts('q.fifo')).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    expect(bench.bodies('q.fifo')).toEqual(['b']);
    bench.restart();
    expect(bench.engine.counts('q.fifo')).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  });

  test('the default retention is 4 days', () => {
    const bench = withQueue();
    send(bench.engine, 'g', 'a');
    bench.pass(4 * DAY - 1);
    expect(bench.engine.counts('q.fifo').visible).toBe(1);
    bench.pass(1);
    expect(bench.engine.counts('q.fifo').visible).toBe(0);
  });

  test('counts follow delays and visibility timeouts without polling', () => {
    const bench = withQueue({ DelaySeconds: '10' });
    send(bench.engine, 'g', 'a', 'b');
    expect(bench.engine.counts('q.fifo')).toEqual({ visible: 0, inFlight: 0, delayed: 2 });
    expect(bench.engine.nextEventAt('q.fifo')).toBe(START + 10 * SECOND);
    bench.pass(10 * SECOND);
    expect(bench.engine.counts('q.fifo')).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
    bench.engine.receive('q.fifo');
    expect(bench.engine.counts('q.fifo')).toEqual({ visible: 1, inFlight: 1, delayed: 0 });
    expect(bench.engine.nextEventAt('q.fifo')).toBe(START + 40 * SECOND);
    bench.pass(30 * SECOND);
    expect(bench.engine.counts('q.fifo')).toEqual({ visible: 2, inFlight: 0, delayed: 0 });
    expect(bench.engine.nextEventAt('q.fifo')).toBeUndefined();
  });

  test('a message can be hidden for 12 hours after its receive, no longer', () => {
    const bench = withQueue();
    send(bench.engine, 'g', 'a');
    const [received] = bench.engine.receive('q.fifo', { visibilityTimeout: 43_200 });
    const handle = received?.receiptHandle ?? '';
    bench.pass(HOUR);
    const change = (seconds: number) => () => bench.engine.changeVisibility('q.fifo', handle, seconds);
    expect(change(43_200 - 3600 + 1)).toThrow(/hidden for 43200 seconds after its receive/);
    change(43_200 - 3600)();
    bench.pass(11 * HOUR - 1);
    expect(bench.bodies('q.fifo')).toEqual([]);
    bench.pass(1);
    expect(bench.bodies('q.fifo')).toEqual(['a']);
  });

  test('a purge is allowed once a minute', () => {
    const bench = withQueue();
    bench.engine.purgeQueue('q.fifo');
    bench.pass(MINUTE - 1);
    expect(() => bench.engine.purgeQueue('q.fifo')).toThrow(/once a minute/);
    bench.pass(1);
    send(bench.engine, 'g', 'a');
    bench.engine.purgeQueue('q.fifo');
    bench.restart();
    expect(bench.engine.counts('q.fifo').visible).toBe(0);
  });
});
