/** Which keys have a backlog of their own, as the environments of a stage see it together. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { hottest, HotKeys, withReports, type HotKeyReport } from '../../../lambdas/core/stage/hot-keys.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { message } from '../../support/fakes.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

const NOW = Date.UTC(2026, 0, 1);

let sequence = 0;
beforeEach(() => {
  sequence = 0;
});

const sent = (key: string, sentAt: number): IncomingMessage => {
  sequence += 1;
  return message(`${key}-${sequence}`, key, { sentAt, sequenceNumber: String(sequence).padStart(20, '0') });
};

/** `count` messages of a key, one each `every` milliseconds. */
const series = (key: string, from: number, count: number, every: number): IncomingMessage[] =>
  Array.from({ length: count }, (_, n) => sent(key, from + n * every));

/** Hands out batches of 10, in turn, to that many environments. @returns their reports, in order */
const handOut = (messages: readonly IncomingMessage[], environments: number, now = NOW) => {
  const all = Array.from({ length: environments }, (_, n) => new HotKeys(`env-${n}`));
  for (let i = 0; i * 10 < messages.length; i++)
    all[i % environments]?.received(messages.slice(i * 10, i * 10 + 10), now);
  return all.reduce<readonly HotKeyReport[]>(
    (stored, one) => withReports(stored, one.due(now, MINUTE), now),
    [],
  );
};

describe('the backlog of a key', () => {
  test.each([1, 3, 10])(
    'is its rate times its delay, however many environments share it: %d',
    (environments) => {
      // 20 a second, and an hour behind: 72,000 wait.
      const reports = handOut(series('kiosk', NOW - HOUR, 500, 50), environments);
      const [first, ...others] = hottest(reports, 80_000, NOW);
      expect(others).toEqual([]);
      expect(first).toMatchObject({ key: 'kiosk', at: NOW });
      expect(first?.backlog).toBeGreaterThan(0.8 * 72_000);
      expect(first?.backlog).toBeLessThan(1.3 * 72_000);
      expect(Math.abs((first?.age ?? 0) - HOUR)).toBeLessThan(MINUTE);
    },
  );

  test('is never more than the queue holds', () => {
    const reports = handOut(series('kiosk', NOW - HOUR, 500, 50), 1);
    expect(hottest(reports, 5_000, NOW)).toMatchObject([{ backlog: 5_000 }]);
    expect(hottest(reports, 0, NOW)).toEqual([]);
  });

  test('of a user who is late with everyone else is small: a burst of events is no rate', () => {
    // Ten events in a second each quarter of an hour, all of them hours late.
    const bursts = [0, 1, 2, 3].flatMap((n) => series('ada', NOW - 4 * HOUR + n * 15 * MINUTE, 10, 100));
    expect(hottest(handOut(bursts, 1), 200_000, NOW)).toMatchObject([{ backlog: expect.any(Number) }]);
    expect(hottest(handOut(bursts, 1), 200_000, NOW)[0]?.backlog).toBeLessThan(250);
  });

  test('of a key that keeps up is not reported', () => {
    expect(handOut(series('kiosk', NOW - 500 * 50, 500, 50), 1)).toEqual([]);
  });

  test('does not grow with redeliveries of the same messages', () => {
    const environment = new HotKeys('env');
    const batch = series('ada', NOW - HOUR, 10, 50);
    for (let n = 0; n < 10; n++) environment.received(batch, NOW + n * SECOND);
    expect(environment.due(NOW + 10 * SECOND, MINUTE)).toEqual([]);
  });
});

describe('an environment', () => {
  test('reports once an interval, and drops keys that it has not received for five minutes', () => {
    const environment = new HotKeys('env');
    const messages = series('kiosk', NOW - HOUR, 100, 50);
    for (let i = 0; i < 10; i++) environment.received(messages.slice(i * 10, i * 10 + 10), NOW);
    expect(environment.due(NOW, MINUTE)).toHaveLength(1);
    expect(environment.due(NOW + MINUTE - 1, MINUTE)).toEqual([]);
    expect(environment.due(NOW + MINUTE, MINUTE)).toHaveLength(1);
    expect(environment.due(NOW + 6 * MINUTE, MINUTE)).toEqual([]);
  });

  test('forgets the keys that it received longest ago, beyond a thousand', () => {
    const environment = new HotKeys('env');
    const messages = series('kiosk', NOW - HOUR, 30, 50);
    for (let i = 0; i < 3; i++) environment.received(messages.slice(i * 10, i * 10 + 10), NOW);
    for (let n = 0; n < 1_000; n++) environment.received([sent(`user-${n}`, NOW)], NOW);
    expect(environment.due(NOW, MINUTE)).toEqual([]);
  });

  test('names the largest backlogs, the largest first', () => {
    const environment = new HotKeys('env');
    for (let n = 1; n <= 7; n++) {
      const own = series(`key-${n}`, NOW - HOUR, 30, 1_000 / n);
      for (let i = 0; i < 3; i++) environment.received(own.slice(i * 10, i * 10 + 10), NOW);
    }
    const keys = environment.due(NOW, MINUTE).map(({ key }) => key);
    expect(keys).toEqual(['key-7', 'key-6', 'key-5', 'key-4', 'key-3']);
  });
});

describe('reports', () => {
  const report = (by: string, key: string, backlog: number, at = NOW): HotKeyReport => ({
    ...{ by, key, backlog, at },
    age: HOUR,
  });

  test('replace those of the same environment, and drop old ones', () => {
    const stored = [report('a', 'k1', 500), report('b', 'k1', 300), report('c', 'k2', 900, NOW - 6 * MINUTE)];
    expect(withReports(stored, [report('a', 'k3', 400)], NOW)).toEqual([
      report('a', 'k3', 400),
      report('b', 'k1', 300),
    ]);
  });

  test('of one key are added up, with the latest delay', () => {
    const reports = [report('a', 'k', 500, NOW - SECOND), { ...report('b', 'k', 300), age: MINUTE }];
    expect(hottest(reports, 10_000, NOW)).toEqual([{ key: 'k', backlog: 800, age: MINUTE, at: NOW }]);
    expect(hottest([...reports].reverse(), 10_000, NOW)).toEqual([
      { key: 'k', backlog: 800, age: MINUTE, at: NOW },
    ]);
  });
});
