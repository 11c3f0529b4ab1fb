/** The benchmark of a replay: what it puts into the archive, and what its ledger finds. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { fileBegan } from '../../../contract/archive.ts';
import { readLine } from '../../../lambdas/core/event/archive-line.ts';
import { FirehoseService } from '../../../local/firehose/service.ts';
import { S3Service } from '../../../local/s3/service.ts';
import { peaksOf } from '../../../tools/bench/process-tree.ts';
import { fillArchive, placeOfArchive } from '../../../tools/bench/replay/archive.ts';
import { ReplayLedger } from '../../../tools/bench/replay/ledger.ts';
import type { Replayed } from '../../../tools/bench/replay/measure.ts';
import { Past, pastId } from '../../../tools/bench/replay/past.ts';
import { replayFaults, replayTable } from '../../../tools/bench/replay/report.ts';

const TO = Date.UTC(2026, 0, 2);
const SIZE = { events: 20_010, users: 3, perMessage: 4 };

describe('the archive', () => {
  const past = new Past(SIZE, TO);
  const files = [...past.files('web')];
  const lines = files.flatMap(({ lines: text }) =>
    text
      .trimEnd()
      .split('\n')
      .flatMap((one) => readLine(one) ?? []),
  );

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
      const sorted = distinct.sort((a, b) =>
        a.sequence < b.sequence ? -1 : a.sequence > b.sequence ? 1 : a.place - b.place,
      );
      expect(sorted.map(({ messageId }) => past.event(Number(messageId.slice(5))))).toEqual(
        sorted.map(({ messageId }, index) => ({ user, index, id: Number(messageId.slice(5)) })),
      );
      for (const at of [past.from, past.from + 1, past.from + 12_345, TO - 1, TO])
        expect(past.countBefore(user, at)).toBe(distinct.filter(({ archivedAt }) => archivedAt < at).length);
    }
  });
});

it('the past is put next to what the pipeline itself has archived, as old as it says', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    expect(await placeOfArchive(dataDir)).toBeUndefined();
    const s3 = new S3Service(dataDir);
    const firehose = new FirehoseService(dataDir, s3, () => undefined);
    await firehose.deploy([{ name: 'stream', bucket: 'kept', prefix: 'events/' }]);
    await firehose.put('stream', Buffer.from('{}\n'));
    await firehose.close();
    const place = await placeOfArchive(dataDir);
    expect(place).toEqual({ bucket: 'kept', name: 'stream', prefix: 'events/' });
    if (place === undefined) return;
    const past = new Past({ events: 100, users: 2, perMessage: 10 }, TO);
    expect(await fillArchive(past, 'web', dataDir, place)).toMatchObject({ files: 1 });
    const [object, ...others] = await s3.list('kept', 'events/date=2026-01-01/hour=23/');
    expect(others).toEqual([]);
    expect(fileBegan(object?.key ?? '')).toBe(Math.floor(past.from / 1_000) * 1_000);
    expect(object?.modified).toBe(TO);
    const bytes = await readFile(join(dataDir, 's3', 'kept', object?.key ?? ''));
    expect(gunzipSync(bytes).toString().trimEnd().split('\n')).toHaveLength(100);
  } finally {
    await rm(dataDir, { recursive: true });
  }
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

it('the peak of a process is no less than what it has now, and none of one that has ended', async () => {
  const [peak = 0] = await peaksOf(process.pid);
  if (process.platform === 'linux') expect(peak).toBeGreaterThan(process.memoryUsage().rss / 2);
  expect(await peaksOf(2 ** 22)).toEqual([]);
});

const STREAM = { events: 10, arrived: 10, missing: 0, repeated: 3, outOfOrder: 0 };

const REPLAYED: Replayed = {
  events: 10,
  users: 2,
  perMessage: 5,
  past: STREAM,
  live: STREAM,
  tooEarly: 0,
  wronglyMarked: 0,
  kills: 3,
  archive: { files: 1, bytes: 2 ** 20, compressed: 1_000 },
  parkedAfter: 2,
  deliveredAfter: 4,
  down: 1,
  settledAfter: 5,
  slices: 1,
  peaks: { main: 2 ** 27, function: 2 ** 26 },
};

describe('the report', () => {
  it('has rates, memory and what was wrong', () => {
    const table = replayTable([REPLAYED]);
    expect(table).toMatch(/^parked, events\/s +5 *$/m);
    expect(table).toMatch(/^peak memory of a function, MB +64 *$/m);
    expect(table).toMatch(/^delivered again +6 *$/m);
    expect(replayFaults([REPLAYED])).toEqual([]);
  });

  it.each<[string, Partial<Replayed>]>([
    ['a replayed event is missing', { past: { ...STREAM, missing: 1 } }],
    ['a live one is out of order', { live: { ...STREAM, outOfOrder: 1 } }],
    ['a live one went before a replayed one', { tooEarly: 1 }],
    ['an event has the mark of another replay, or none', { wronglyMarked: 1 }],
  ])('%s: the benchmark fails', (_, wrong) => {
    expect(replayFaults([{ ...REPLAYED, ...wrong }])).toHaveLength(1);
  });
});
