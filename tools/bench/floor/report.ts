import { toTable, type Rows } from '../../driver/table.ts';
import type { OwnCode } from './own-code.ts';
import type { ColdStart, Whole } from './whole.ts';

export interface FloorResult {
  readonly versions: readonly string[];
  readonly own: readonly OwnCode[];
  readonly whole: readonly Whole[];
}

export interface ColdResult {
  /** The bare client first. */
  readonly starts: readonly ColdStart[];
}

const ratios = (all: readonly number[]): readonly string[] => all.map((ratio) => ratio.toFixed(2));

/** A row for each kind of request; a column for each version. */
export const floorRows = ({ versions, own, whole }: FloorResult): Rows => [
  [
    'ingest : JSON.parse + JSON.stringify',
    'floor, us an event',
    ...versions.map((name) => `own code, ${name}`),
    ...versions.map((name) => `with its call, ${name}`),
  ],
  ...own.map(({ shape, floor, ratios: alone }, i) => [
    shape.name,
    floor.toFixed(1),
    ...ratios(alone),
    ...ratios(whole[i]?.ratios ?? []),
  ]),
];

export const floorTable = (value: FloorResult): string => toTable(floorRows(value));

export const coldRows = ({ starts }: ColdResult): Rows => {
  const base = starts[0]?.start;
  return [
    ['a start', 'ms', 'processor ms', 'resident MB', 'ms : bare', 'processor : bare'],
    ...starts.map(({ name, start }) => [
      name,
      start.milliseconds.toFixed(0),
      start.processor.toFixed(0),
      (start.memoryBytes / 2 ** 20).toFixed(0),
      ...(base === undefined
        ? ['', '']
        : ratios([start.milliseconds / base.milliseconds, start.processor / base.processor])),
    ]),
  ];
};

export const coldTable = (value: ColdResult): string => toTable(coldRows(value));
