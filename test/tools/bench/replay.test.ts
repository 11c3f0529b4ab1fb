/** The benchmark of a replay: what it puts into the archive, and what its ledger finds. */
import { describe, expect, it } from '@jest/globals';
import { readLine } from '../../../lambdas/core/event/archive-line.ts';
import { Past, pastId } from '../../../tools/bench/replay/past.ts';
import { ReplayLedger } from '../../../tools/bench/replay/ledger.ts';

const TO = Date.UTC(2026, 0, 2);
const SIZE = { events: 20_010, users: 3, perMessage: 4 };

describe('the archive', () => {
  const past = new Past(SIZE, TO);
  const files = [...past.files('web')];
  const lines = files.flatMap(({ lines: text }) => text.trimEnd().split('\n').flatMap((one) => readLine(one) ?? []));

  it('has every event, some of them twice, in lines that the product reads', () => {
    const ids = lines.map(({ messageId }) => messageId);
    expect(new Set(ids)).toEqual(new Set(Array.from({ length: SIZE.events }, (_, id) => pastId(id))));
    expect(ids.length).toBeGreaterThan(SIZE.events);
  });

  it('is before a time, and each file has what its name says', () => {
    for (const { receivedAt } of lines) expect(Date.parse(receivedAt)).toBeLessThan(TO);
    expect(Math.min(...lines.map(({ archivedAt }) => archivedAt))).toBe(past.from);
    for (const { began, ended } of files) expect(ended - began).toBeLessThanOrEqual(300_000);
  });

  it("numbers a user's events in the order of SQS, and knows how many were archived before a time", () => {
    for (let user = 0; user < SIZE.users; user += 1) {
      const own = lines.filter(({ event }) => event['userId'] === `bench-user-${user}`);
      const distinct = [...new Map(own.map((line) => [line.messageId, line])).values()];
      const sorted = distinct.sort((a, b) => (a.sequence < b.sequence ? -1 : a.sequence > b.sequence ? 1 : a.place - b.place));
      expect(sorted.map(({ messageId }) => past.event(Number(messageId.slice(5))))).toEqual(
        sorted.map(({ messageId }, index) => ({ user, index, id: Number(messageId.slice(5)) })),
      );
      for (const at of [past.from, past.from + 1, past.from + 12_345, TO - 1, TO])
        expect(past.countBefore(user, at)).toBe(distinct.filter(({ archivedAt }) => archivedAt < at).length);
    }
  });
});

describe('the ledger', () => {
  const past = new Past({ events: 6, users: 2, perMessage: 1 }, TO);
  const all = (ledger: ReplayLedger, ...ids: readonly number[]): void => {
    for (const id of ids) ledger.arrive(pastId(id), true, 0);
  };

  it('finds nothing when all is as it should be, repeated or not', () => {
    const ledger = new ReplayLedger(past);
    ledger.parked(TO);
    const { messageId } = ledger.issue(0);
    ledger.accept(messageId);
    all(ledger, 0, 1, 2, 2, 0, 3, 4);
    ledger.arrive(messageId, false, 0);
    expect(ledger.isComplete).toBe(false);
    all(ledger, 5);
    expect(ledger.isComplete).toBe(true);
    expect(ledger.verdict()).toEqual({
      past: { events: 6, arrived: 6, missing: 0, repeated: 2, outOfOrder: 0 },
      live: { events: 1, arrived: 1, missing: 0, repeated: 0, outOfOrder: 0 },
      tooEarly: 0,
      wronglyMarked: 0,
    });
  });

  it('finds a replayed event behind a later one of its user, and none of another user', () => {
    const ledger = new ReplayLedger(past);
    all(ledger, 2, 1, 0);
    expect(ledger.verdict().past).toMatchObject({ arrived: 3, missing: 3, outOfOrder: 1 });
  });

  it('finds a live event that came before a replayed one, if that was parked when it was sent', () => {
    const ledger = new ReplayLedger(past);
    const early = ledger.issue(0).messageId;
    ledger.parked(past.from + 1);
    const late = ledger.issue(0).messageId;
    const other = ledger.issue(1).messageId;
    for (const id of [early, other]) ledger.arrive(id, false, 0);
    expect(ledger.verdict().tooEarly).toBe(0);
    ledger.arrive(late, false, 0);
    expect(ledger.verdict()).toMatchObject({ tooEarly: 1, live: { arrived: 3, events: 0, outOfOrder: 0 } });
  });

  it('finds live events out of order, those that did not come, and a wrong mark', () => {
    const ledger = new ReplayLedger(past);
    const [first, second, third] = [ledger.issue(1), ledger.issue(1), ledger.issue(1)];
    for (const { messageId } of [first, second, third]) ledger.accept(messageId);
    ledger.arrive(second.messageId, true, 0);
    ledger.arrive(first.messageId, false, 0);
    ledger.arrive(pastId(0), false, 0);
    ledger.arrive('live:7:0', false, 0);
    expect(ledger.verdict()).toMatchObject({
      live: { events: 3, arrived: 2, missing: 1, outOfOrder: 1 },
      wronglyMarked: 2,
    });
  });
});
