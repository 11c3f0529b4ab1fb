import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../lambdas/core/event/event.ts';
import { timesOf } from '../../../lambdas/core/ingest/times.ts';

const NOW = '2026-01-02T03:04:05.678Z';
const times = (event: Readonly<Record<string, Json>>) => timesOf(event, Date.parse(NOW));

const ABSURD: readonly [string, Json][] = [
  ['Go’s zero time', '0001-01-01T00:00:00Z'],
  ['the year 4052', '4052-08-11T02:33:00.000Z'],
  ['the year of a Buddhist calendar', '2569-01-02T03:04:05.678Z'],
  ['the year of an Islamic calendar', '1447-07-13T03:04:05.678Z'],
  ['Arabic digits', '٢٠٢٦-٠١-٠٢T٠٣:٠٤:٠٥.٦٧٨Z'],
  ['Devanagari digits', '२०२६-०१-०२T०३:०४:०५.६७८Z'],
  ['the last moment that JavaScript knows', '+275760-09-13T00:00:00.000Z'],
  ['the first one', '-271821-04-20T00:00:00.000Z'],
  ['the moment before 1970', '1969-12-31T23:59:59.999Z'],
  ['ten years and a day from now', '2036-01-01T03:04:05.678Z'],
  ['a thirteenth month', '2026-13-01T00:00:00.000Z'],
  ['a word', 'yesterday'],
  ['a digit', '5'],
  ['a small number', 5],
  ['a number of nanoseconds', 1767323045678901000],
  ['an object', { seconds: 1 }],
  ['a boolean', true],
  ['nothing', null],
  ['an empty text', ''],
];

const POSSIBLE: readonly [string, Json][] = [
  ['a time', '2025-12-31T23:59:59.999Z'],
  ['another zone', '2026-01-02T08:34:05.678+05:30'],
  ['nanoseconds, as Go writes them', '2026-01-02T03:04:05.678901234Z'],
  ['microseconds, as Python writes them', '2026-01-02T03:04:05.678901+00:00'],
  ['a clock without a battery', '1970-01-01T00:00:00Z'],
  ['history', '1999-07-04T12:00:00Z'],
  ['a clock that is years ahead', '2035-12-01T00:00:00Z'],
  ['the date of a mail', 'Fri, 02 Jan 2026 03:04:05 GMT'],
  ['a day', '2026-01-02'],
  ['milliseconds since 1970', 1767323045678],
  ['seconds since 1970, as text', '1767323045'],
];

describe.each(['originalTimestamp', 'sentAt', 'timestamp'] as const)('%s', (name) => {
  test.each(ABSURD)('%s becomes the time of arrival', (_, value) => {
    expect(times({ [name]: value })[name]).toBe(NOW);
  });

  test.each(POSSIBLE)('%s stays as it was sent', (_, value) => {
    expect(times({ [name]: value })[name]).toBe(value);
  });
});

describe('timestamp, when it was not sent', () => {
  test.each(ABSURD)('does not believe %s as the time of sending', (_, sentAt) => {
    const originalTimestamp = '2026-01-02T03:00:00.000Z';
    expect(times({ originalTimestamp, sentAt }).timestamp).toBe(originalTimestamp);
  });

  test.each(ABSURD)('does not believe %s as the original time', (_, originalTimestamp) => {
    expect(times({ originalTimestamp, sentAt: '2026-01-02T03:04:00.000Z' }).timestamp).toBe(NOW);
  });

  test('is corrected also when an absurd one was sent', () => {
    const clock = { originalTimestamp: '1970-01-01T00:01:00Z', sentAt: '1970-01-01T00:01:05Z' };
    expect(times({ ...clock, timestamp: '0001-01-01T00:00:00Z' }).timestamp).toBe('2026-01-02T03:04:00.678Z');
  });

  test('is never further ahead than a time that is believed', () => {
    const clock = { originalTimestamp: '2035-12-01T00:00:00Z', sentAt: '1970-01-01T00:00:00Z' };
    expect(times(clock).timestamp).toBe(NOW);
  });
});
