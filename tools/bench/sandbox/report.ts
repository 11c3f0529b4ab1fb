/** The tables of the sandbox. */
import { toTable, type Rows } from '../../driver/table.ts';
import { fixed } from '../report.ts';
import type { ColdStarts } from './cold-start.ts';
import type { Sample } from './growth.ts';
import type { Memory } from './memory.ts';
import type { Speed } from './speed.ts';
import type { Starts } from './starts.ts';

/** Figures without a unit of their own are in the unit that the name says. */
export interface SandboxResult {
  readonly speed: readonly Speed[];
  readonly starts: Starts;
  readonly memory: { readonly without: Memory; readonly with: Memory };
  readonly coldStarts: ColdStarts;
}

const toMegabytes = (bytes: number | undefined): string =>
  fixed(1)(bytes === undefined ? undefined : bytes / 2 ** 20);

export const speedRows = (speeds: readonly Speed[]): Rows => [
  ['microseconds an event', 'direct', 'sandbox', 'added', 'ratio', 'CPU, direct', 'CPU, sandbox', 'ratio'],
  ...speeds.map(({ transform, messages, direct, sandbox }) => [
    `${transform}, messages ${messages}`,
    fixed(1)(direct.elapsed),
    fixed(1)(sandbox.elapsed),
    fixed(1)(sandbox.elapsed - direct.elapsed),
    fixed(2)(sandbox.elapsed / direct.elapsed),
    fixed(1)(direct.processor),
    fixed(1)(sandbox.processor),
    fixed(2)(sandbox.processor / direct.processor),
  ]),
];

export const speedTable = (value: readonly Speed[]): string => toTable(speedRows(value));

export const startsRows = ({ first, successors }: Starts): Rows => [
  ['milliseconds', 'until charged', 'until loaded'],
  ['first thread', '', fixed(1)(first)],
  ...successors.map(({ how, charged, loaded }) => [
    `successor after ${how}`,
    fixed(1)(charged),
    fixed(1)(loaded),
  ]),
];

export const startsTable = (value: Starts): string => toTable(startsRows(value));

type Figure = readonly [
  label: string,
  without: number | undefined,
  with_: number | undefined,
  text: (value: number | undefined) => string,
];

const ratioOf = (without: number | undefined, with_: number | undefined): string =>
  fixed(2)(without === undefined || with_ === undefined ? undefined : with_ / without);

export const costRows = ({ memory, coldStarts }: SandboxResult): Rows => {
  const rows: readonly Figure[] = [
    ['resident, loaded, MB', memory.without.loaded, memory.with.loaded, toMegabytes],
    ['resident, after 2,000 events, MB', memory.without.worked, memory.with.worked, toMegabytes],
    ['cold start, init, ms', coldStarts.without.init, coldStarts.with.init, fixed(0)],
    ['cold start, first answer, ms', coldStarts.without.answered, coldStarts.with.answered, fixed(0)],
    ['function, resident, MB', coldStarts.without.memoryBytes, coldStarts.with.memoryBytes, toMegabytes],
    ['function, threads', coldStarts.without.threads, coldStarts.with.threads, fixed(0)],
  ];
  return [
    ['a transform', 'without', 'with', 'ratio'],
    ...rows.map(([label, without, with_, text]) => [
      label,
      text(without),
      text(with_),
      ratioOf(without, with_),
    ]),
  ];
};

export const costTable = (value: SandboxResult): string => toTable(costRows(value));

export const endsRows = (samples: readonly Sample[]): Rows => [
  ["a thread's ends", 'heap, MB', 'resident, MB', 'threads', 'handles', 'ports'],
  ...samples.map(({ ends, heapBytes, residentBytes, threads, handles, ports }) => [
    String(ends),
    toMegabytes(heapBytes),
    toMegabytes(residentBytes),
    ...[threads, handles, ports].map(fixed(0)),
  ]),
];

export const endsTable = (value: readonly Sample[]): string => toTable(endsRows(value));
