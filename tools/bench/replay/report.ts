import { toTable, type Rows } from '../../driver/table.ts';
import type { Replayed } from './measure.ts';

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

type Row = readonly [label: string, cell: (replayed: Replayed) => string];

const ROWS: readonly Row[] = [
  ['a replay of', ({ events }) => `${events} events`],
  ['in messages of', ({ perMessage }) => (perMessage === 1 ? '1 event' : `${perMessage} events`)],
  ['of users', ({ users }) => String(users)],
  ["the archive's files, and MB of lines", ({ archive }) => `${archive.files}, ${megabytes(archive.bytes)}`],
  ['killed, and seconds until it was up', ({ kills, down }) => `${kills} times, ${down.toFixed(0)}`],
  ['slices', ({ slices }) => String(slices)],
  ['parked after, s', ({ parkedAfter }) => parkedAfter.toFixed(0)],
  ['delivered after, s', ({ deliveredAfter }) => deliveredAfter.toFixed(0)],
  ['parked, events/s', ({ events, parkedAfter }) => (events / parkedAfter).toFixed(0)],
  ['delivered, events/s', ({ events, deliveredAfter }) => (events / deliveredAfter).toFixed(0)],
  ['peak memory of a function, MB', ({ peaks }) => megabytes(peaks.function)],
  ["peak memory of the local run's process, MB", ({ peaks }) => megabytes(peaks.main)],
  ['live events meanwhile', ({ live }) => String(live.events)],
  ['missing', ({ past, live }) => String(past.missing + live.missing)],
  ['order violations', ({ past, live, tooEarly }) => String(past.outOfOrder + live.outOfOrder + tooEarly)],
  ['wrongly marked', ({ wronglyMarked }) => String(wronglyMarked)],
  ['delivered again', ({ past, live }) => String(past.repeated + live.repeated)],
];

export const replayRows = (all: readonly Replayed[]): Rows =>
  ROWS.map(([label, cell]) => [label, ...all.map(cell)]);

export const replayTable = (all: readonly Replayed[]): string => toTable(replayRows(all));

/** What a replay must not do. */
export const replayFaults = (all: readonly Replayed[]): readonly string[] =>
  all.some(
    ({ past, live, tooEarly, wronglyMarked }) =>
      past.missing + live.missing + past.outOfOrder + live.outOfOrder + tooEarly + wronglyMarked > 0,
  )
    ? ['Of a replay events were lost, out of order or wrongly marked: a benchmark must not find that.']
    : [];
