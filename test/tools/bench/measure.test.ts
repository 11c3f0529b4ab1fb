import { describe, expect, test } from '@jest/globals';
import { measure, pathsOf } from '../../../tools/bench/measure.ts';
import { medianOf } from '../../../tools/bench/medians.ts';
import { ratios, resultsTable, systemRatios } from '../../../tools/bench/report.ts';
import type { Scenario } from '../../../tools/bench/scenarios.ts';
import { Receiver } from '../../../tools/driver/receiver.ts';
import { startFake, type Fake, type FakeEvent } from './support.ts';

const scenario: Scenario = {
  name: 'tiny',
  about: '',
  destinations: 2,
  hasTransform: false,
  connections: 2,
  batch: 5,
  usersPerRequest: 5,
  gzip: true,
  pace: undefined,
  events: 40,
  against: undefined,
};
const size = { connections: 2, users: 4, events: 40, seconds: undefined };

const urlsOf = (receiver: Receiver, destinations: number): readonly string[] =>
  pathsOf(destinations).map((path) => receiver.url(path));

const run = async (
  options: Parameters<typeof startFake>[1],
  changes: Partial<Scenario> = {},
): Promise<{ result: Awaited<ReturnType<typeof measure>>; fake: Fake }> => {
  const chosen = { ...scenario, ...changes };
  const receiver = await Receiver.start({ keepsRequests: false });
  const fake = await startFake(urlsOf(receiver, chosen.destinations), options);
  try {
    const paths = pathsOf(chosen.destinations);
    return { result: await measure(chosen, size, { system: fake, receiver, paths, isWarm: false }), fake };
  } finally {
    await fake.stop();
    await receiver.close();
  }
};

describe('one scenario', () => {
  test('batches, compressed, to two destinations', async () => {
    const { result, fake } = await run({});
    expect(result).toMatchObject({ accepted: 40, deliveries: 80, lost: 0, duplicates: 0, outOfOrder: 0 });
    expect(result).toMatchObject({ requests: 8, refusals: 0 });
    expect([...fake.paths]).toEqual(['/v1/batch']);
    expect(result.request.p50).toBeGreaterThan(0);
    expect(result.request.max).toBeGreaterThanOrEqual(result.request.p99);
    expect(result.endToEndPerSecond).toBeLessThanOrEqual(result.acceptedPerSecond);
    expect(typeof result.cpuSecondsPerThousand).toBe(process.platform === 'linux' ? 'number' : 'undefined');
    const byKind = result.kinds.reduce((sum, kind) => sum + kind.userSeconds + kind.systemSeconds, 0);
    expect(byKind).toBeCloseTo(result.cpuSecondsPerThousand ?? 0, 6);
  });

  test('single events, at a pace: no request begins before its time', async () => {
    const { result, fake } = await run({}, { batch: 1, gzip: false, destinations: 1, pace: 200 });
    expect(result).toMatchObject({ accepted: 40, deliveries: 40, requests: 40 });
    expect([...fake.paths]).toEqual(['/v1/track']);
    // The last of 40 is due 39 intervals of 5 ms after the first; timers may fire up to a millisecond early.
    expect(result.seconds).toBeGreaterThan(0.19);
  });

  test('what the system delivers twice is counted', async () => {
    const { result } = await run({ deliver: (events) => [...events, ...events] }, { destinations: 1 });
    expect(result).toMatchObject({ deliveries: 40, lost: 0, outOfOrder: 0 });
    expect(result.duplicates).toBe(40);
  });

  test("a user's events that arrive in another order are counted", async () => {
    const reverse = (events: readonly FakeEvent[]) => events.toReversed();
    const { result } = await run({ deliver: reverse }, { destinations: 1, usersPerRequest: 1 });
    // Requests of one user with 5 events each: 4 of them come after a later one.
    expect(result).toMatchObject({ deliveries: 40, lost: 0, duplicates: 0 });
    expect(result.outOfOrder).toBe(4 * 8);
  });

  test('a request that is answered 503 is sent again', async () => {
    const receiver = await Receiver.start({ keepsRequests: false });
    const fake = await startFake(urlsOf(receiver, 2), { refusals: 3 });
    const { accepted, lost } = await measure(scenario, size, {
      system: fake,
      receiver,
      paths: pathsOf(2),
      isWarm: true,
    });
    await fake.stop();
    await receiver.close();
    expect({ accepted, lost }).toEqual({ accepted: 40, lost: 0 });
  });
});

test('a system that delivers elsewhere is measured by its answers', async () => {
  const receiver = await Receiver.start({ keepsRequests: false });
  const fake = await startFake([]);
  const result = await measure(scenario, size, { system: fake, receiver, paths: [], isWarm: false });
  await fake.stop();
  await receiver.close();
  expect(result).toMatchObject({ accepted: 40, deliveries: 0, lost: 0, endToEndPerSecond: undefined });
});

test('the report has a column for each scenario, and a ratio for each that names another one', async () => {
  const { result } = await run({});
  const tiny = { ...result, system: 'this', rounds: [result] };
  const twice = { ...tiny, scenario: { ...scenario, name: 'other', against: 'tiny' } };
  const all = [tiny, { ...twice, acceptedPerSecond: result.acceptedPerSecond * 2 }];
  expect(resultsTable(all).split('\n')[0]?.trim().split(/\s+/)).toEqual(['tiny', 'other']);
  expect(resultsTable(all)).toMatch(/^lost +0 +0$/m);
  expect(ratios(all)).toMatchObject([{ scenario: 'other', against: 'tiny', accepted: 2, endToEnd: 1 }]);
  expect(systemRatios(all)).toEqual([]);
});

test('of two systems each scenario has a ratio, of this one to the other', async () => {
  const { result } = await run({});
  const own = { ...result, system: 'this', rounds: [result] };
  const other = { ...own, system: 'other', acceptedPerSecond: result.acceptedPerSecond / 3 };
  expect(systemRatios([own, other])).toMatchObject([
    { scenario: 'tiny, this', against: 'other', endToEnd: 1 },
  ]);
  expect(systemRatios([own, other])[0]?.accepted).toBeCloseTo(3);
  expect(ratios([own, other])).toEqual([]);
  expect(resultsTable([own, other])).toContain('tiny (other)');
});

test('of several rounds the figures are medians, and what was lost in one counts', async () => {
  const { result } = await run({});
  const rounds = [3, 1, 2].map((n) => ({ ...result, acceptedPerSecond: n, lost: n === 1 ? 5 : 0 }));
  expect(medianOf(rounds)).toMatchObject({ acceptedPerSecond: 2, lost: 5, accepted: 120 });
});
