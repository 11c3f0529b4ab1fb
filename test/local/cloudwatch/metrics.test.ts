/** What is kept of metrics, and how they come in with a function's log lines. */
import { describe, expect, it } from '@jest/globals';
import { readEmf } from '../../../local/cloudwatch/emf.ts';
import { MetricStore, single } from '../../../local/cloudwatch/metric-store.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const id = { namespace: 'Sluice', name: 'Delivered', dimensions: { Stage: 'crm' } };
const put = (store: MetricStore, at: number, value: number, changes: object = {}): void =>
  store.put({ ...id, at, statistics: single(value), highResolution: true, ...changes });

describe('the store', () => {
  it('gives what fell into a range, its end excluded', () => {
    const store = new MetricStore(() => NOON);
    put(store, NOON + 200, 1);
    put(store, NOON + 900, 5);
    put(store, NOON + 9_999, 3);
    put(store, NOON + 10_000, 100);
    expect(store.statistics(id, NOON, NOON + 10_000)).toEqual({ count: 3, sum: 9, min: 1, max: 5 });
    expect(store.statistics(id, NOON, NOON + 60_000)).toEqual({ count: 4, sum: 109, min: 1, max: 100 });
    expect(store.statistics(id, NOON - 60_000, NOON)).toBeUndefined();
  });

  it('keeps dimension sets apart, in whatever order they are named', () => {
    const store = new MetricStore(() => NOON);
    put(store, NOON, 1, { dimensions: { a: '1', b: '2' } });
    put(store, NOON, 2, { dimensions: { b: '2', a: '1' } });
    put(store, NOON, 4, { dimensions: { a: '1' } });
    const sum = (dimensions: Record<string, string>) =>
      store.statistics({ ...id, dimensions }, NOON, NOON + 1_000)?.sum;
    expect([sum({ a: '1', b: '2' }), sum({ a: '1' }), sum({})]).toEqual([3, 4, undefined]);
  });

  it('has no statistics of seconds when the metric is of standard resolution', () => {
    const store = new MetricStore(() => NOON);
    put(store, NOON, 1, { highResolution: false });
    expect(store.statistics(id, NOON, NOON + 10_000)).toBeUndefined();
    expect(store.statistics(id, NOON, NOON + 60_000)?.sum).toBe(1);
  });

  it('forgets seconds after an hour and minutes after a day', () => {
    let now = NOON;
    const store = new MetricStore(() => now);
    for (; now < NOON + 30 * 3_600_000; now += 1_000) put(store, now, 1);
    const points = (from: number, step: number) =>
      store.query({ name: 'Delivered', from, to: now, step })[0]?.points.length;
    expect(points(NOON, 60_000)).toBeLessThan(28 * 60);
    expect(points(now - 86_400_000, 60_000)).toBe(24 * 60);
    expect(points(now - 3_600_000, 1_000)).toBe(3_600);
    expect(points(now - 2 * 3_600_000, 1_000)).toBeLessThan(3_600 + 200);
  });

  it('answers charts by name and dimensions, in steps', () => {
    const store = new MetricStore(() => NOON);
    put(store, NOON, 1);
    put(store, NOON + 3_000, 2);
    put(store, NOON + 3_500, 4);
    put(store, NOON, 8, { dimensions: { Stage: 'web' } });
    const range = { name: 'Delivered', from: NOON + 100, to: NOON + 10_000, step: 5_000 };
    expect(store.query({ ...range, dimensions: { Stage: 'crm' } })).toEqual([
      { ...id, points: [{ at: NOON, count: 3, sum: 7, min: 1, max: 4 }] },
    ]);
    expect(store.query(range).map(({ dimensions }) => dimensions)).toEqual([
      { Stage: 'crm' },
      { Stage: 'web' },
    ]);
    expect(store.query({ ...range, namespace: 'AWS/SQS' })).toEqual([]);
  });

  it.each([500, 1_500, 90_000, Number.NaN])('refuses a step of %s', (step) => {
    expect(() => new MetricStore().query({ name: 'x', from: 0, to: 1, step })).toThrow(RangeError);
  });
});

describe('the embedded metric format', () => {
  const line = (changes: object = {}, directive: object = {}): string =>
    JSON.stringify({
      _aws: {
        Timestamp: NOON,
        CloudWatchMetrics: [
          {
            Namespace: 'Sluice',
            Dimensions: [['Pipeline', 'Stage'], ['Pipeline']],
            Metrics: [
              { Name: 'Delivered', Unit: 'Count' },
              { Name: 'Age', StorageResolution: 1 },
            ],
            ...directive,
          },
        ],
      },
      Pipeline: 'p',
      Stage: 'crm',
      Delivered: 3,
      Age: [1, 9],
      ...changes,
    });

  it('has each metric under each set of dimensions', () => {
    const both = { Pipeline: 'p', Stage: 'crm' };
    const delivered = { namespace: 'Sluice', name: 'Delivered', at: NOON, highResolution: false };
    const age = { namespace: 'Sluice', name: 'Age', at: NOON, highResolution: true };
    const statistics = { count: 2, sum: 10, min: 1, max: 9 };
    expect(readEmf(line())).toEqual([
      { ...delivered, dimensions: both, statistics: single(3) },
      { ...age, dimensions: both, statistics },
      { ...delivered, dimensions: { Pipeline: 'p' }, statistics: single(3) },
      { ...age, dimensions: { Pipeline: 'p' }, statistics },
    ]);
  });

  it.each(['', 'plain text', '{"_aws": cut', '{"level":"info","message":"_aws"}', '{"a":1}'])(
    'is not what the line "%s" has',
    (text) => {
      expect(readEmf(text)).toEqual([]);
    },
  );

  it.each([
    [line({ Delivered: '3' }), 'a line of metrics has no number for its metric Delivered'],
    [line({ Stage: 7 }), 'a line of metrics has no text for its dimension Stage'],
    [line({}, { Namespace: 1 }), 'a line of metrics is malformed: _aws.CloudWatchMetrics.0.Namespace'],
  ])('that CloudWatch would drop is reported: %#', (text, message) => {
    expect(() => readEmf(text)).toThrow(message);
  });
});
