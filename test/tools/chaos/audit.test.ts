/** The loop of kills is worth what its audit is: it must find what it is there for. */
import { describe, expect, it, test } from '@jest/globals';
import { Ledger } from '../../../tools/driver/ledger.ts';
import { findProblems, resultTable, type Result } from '../../../tools/chaos/audit.ts';
import { Recoveries } from '../../../tools/chaos/recoveries.ts';

/** Two users with three events each, at two destinations, all accepted. @param deliver in which order they arrive, by index */
const ledgerOf = (
  deliver: readonly (readonly [user: number, index: number, destination: number])[],
): Ledger => {
  const ledger = new Ledger(2);
  const ids = [0, 1].map((user) => [0, 1, 2].map(() => ledger.issue(user).messageId));
  for (const id of ids.flat()) ledger.accept(id, 1);
  for (const [user, index, destination] of deliver) ledger.arrive(destination, ids[user]?.[index] ?? '', 2);
  return ledger;
};
const all = [0, 1].flatMap((destination) =>
  [0, 1].flatMap((user) => [0, 1, 2].map((index) => [user, index, destination] as const)),
);

describe('the audit', () => {
  it('has nothing to say of what came in order, some of it twice', () => {
    const ledger = ledgerOf([...all, [0, 1, 0], [1, 0, 1]]);
    expect(findProblems(ledger, { others: [] })).toEqual([]);
    expect(ledger.verdict()).toMatchObject({ duplicates: 2, lost: 0, outOfOrder: 0 });
  });

  it('finds an event that did not come to one of the destinations', () => {
    const ledger = ledgerOf(all.filter(([user, index, at]) => !(user === 1 && index === 2 && at === 0)));
    expect(findProblems(ledger, {})).toEqual(['1 lost: user 1 at destination 0: 2']);
  });

  it('finds an event that was overtaken, and does not take its repetition for it', () => {
    const [first, second, ...rest] = all;
    if (first === undefined || second === undefined) throw new Error('there are more');
    expect(findProblems(ledgerOf([second, first, second, ...rest]), {})).toEqual([
      '1 out of order: user 0 at destination 0: 0 after 1',
    ]);
  });

  it('lists all other problems, only the first of many of a kind, and a run in which nothing was accepted', () => {
    const wrong = Array.from({ length: 12 }, (_, i) => `400 no ${i}`);
    const [accepted, others, ...more] = findProblems(new Ledger(1), { 'wrong answers': wrong, nothing: [] });
    expect(accepted).toBe('nothing was accepted: this run shows nothing');
    expect(others).toMatch(/^12 wrong answers: 400 no 0; .*400 no 9; \.\.\.$/);
    expect(more).toEqual([]);
  });
});

test('the table has every count', () => {
  const none = { count: 0, medianMs: 0, maxMs: 0 };
  const result: Result = {
    ...ledgerOf([...all, [0, 0, 0]]).verdict(),
    seed: 4711,
    users: 2,
    kills: { group: 3, main: 2, function: 1, start: 1 },
    seconds: 61,
    poisonous: 5,
    unanswered: 8,
    refused: 9,
    failedDeliveries: 10,
    stages: [{ stage: 'router', parkedKeys: 2, degraded: 1 }],
    startMs: { count: 3, medianMs: 2_040, maxMs: 3_000 },
    accepting: none,
    delivering: none,
    settledMs: 1_500,
    problems: [],
  };
  const rows = Object.fromEntries(
    resultTable(result)
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  ) as Record<string, string>;
  expect(rows).toMatchObject({
    seed: '4711',
    kills: '7: 3 group, 2 main, 1 function, 1 start',
    'events answered 200': '6',
    'deliveries, two destinations': '12',
    lost: '0',
    'out of order': '0',
    duplicates: '1',
    'router: most keys parked at the same time, times degraded': '2, 1',
    'a start until it is up': 'median 2.0 s, longest 3.0 s',
    'from a kill to the next 200': 'never seen',
  });
});

test('a recovery is from the first kill to the next sign of life, whatever is killed in between', () => {
  const recoveries = new Recoveries();
  recoveries.alive(5);
  expect(recoveries.summary).toEqual({ count: 0, medianMs: 0, maxMs: 0 });
  recoveries.stopped(10);
  recoveries.stopped(30);
  recoveries.alive(50);
  recoveries.alive(60);
  for (const [from, to] of [
    [100, 103],
    [200, 207],
    [300, 309],
  ] as const) {
    recoveries.stopped(from);
    recoveries.alive(to);
  }
  expect(recoveries.summary).toEqual({ count: 4, medianMs: 7, maxMs: 40 });
});
