import { toTable, type Rows } from '../../driver/table.ts';
import { sumOf } from './cost.ts';
import type { KindRow } from './kinds-cost.ts';
import type { KindCost } from './measure-kinds.ts';
import type { IdleCost, ShapeCost } from './measure.ts';
import { DATES, REGION } from './prices.ts';

export const dollars = (usd: number): string => `$${usd.toFixed(usd !== 0 && usd < 0.095 ? 3 : 2)}`;

const columns = (all: readonly ShapeCost[]): readonly string[] =>
  all.map(({ shape, delivery }) => `${shape}, ${delivery}`);

/** A row for each kind of call, for 1,000 events. */
export const callsRows = (all: readonly ShapeCost[]): Rows => {
  const names = [...new Set(all.flatMap(({ calls }) => calls.map(({ name }) => name)))];
  return [
    ['calls for 1,000 events', ...columns(all)],
    ...names.map((name) => [
      name,
      ...all.map(({ calls }) => (calls.find((call) => call.name === name)?.calls ?? 0).toFixed(1)),
    ]),
  ];
};

export const callsTable = (value: readonly ShapeCost[]): string => toTable(callsRows(value));

export const costRows = (all: readonly ShapeCost[]): Rows => [
  [`a million events, ${REGION}, prices of ${DATES[0]} to ${DATES[1]}`, ...columns(all)],
  ...(all[0]?.rows ?? []).map(({ name }, i) => [name, ...all.map(({ rows }) => dollars(rows[i]?.usd ?? 0))]),
  ['together', ...all.map(({ rows }) => dollars(sumOf(rows)))],
];

export const costTable = (value: readonly ShapeCost[]): string => toTable(costRows(value));

/** A column for each number of destinations. */
export const idleRows = (all: readonly IdleCost[]): Rows => [
  [
    'an idle month',
    ...all.map(({ destinations }) => (destinations === 1 ? '1 destination' : `${destinations} destinations`)),
  ],
  ...(all[0]?.rows ?? []).map(({ name }, i) => [
    name,
    ...all.map(({ rows }) => {
      const { count, usd = 0 } = rows[i] ?? {};
      return count === undefined ? dollars(usd) : `${count}: ${dollars(usd)}`;
    }),
  ]),
  ['together', ...all.map(({ rows }) => dollars(sumOf(rows)))],
];

export const idleTable = (value: readonly IdleCost[]): string => toTable(idleRows(value));

/** From the least to the most. */
export const dollarRange = (values: readonly number[]): string => {
  const [low, high] = [dollars(Math.min(...values)), dollars(Math.max(...values))];
  return low === high ? low : `${low} to ${high}`;
};

/** What each adds, by the shape: its stage, the service, and both; from busy to one by one. */
export const kindsRows = (all: readonly KindCost[]): Rows => {
  const shapes = [...new Set(all.flatMap(({ rows }) => rows.map(({ shape }) => shape)))];
  const inShapes = (rows: KindCost['rows'], values: readonly ((row: KindRow) => number)[]) =>
    shapes.flatMap((shape) =>
      values.map((value) => dollarRange(rows.filter((row) => row.shape === shape).map(value))),
    );
  return [
    ['a million events', ...shapes.flatMap((shape) => [`${shape}: its stage`, 'the service', 'together'])],
    ...all.map(({ kind, about, rows }) => [
      `${kind}: ${about}`,
      ...inShapes(rows, [({ stage }) => stage, ({ service }) => service, (row) => row.stage + row.service]),
    ]),
    ...all
      .filter(({ rows }) => rows.some(({ kept }) => kept !== undefined))
      .map(({ kind, rows }) => [
        `${kind}: kept for a month`,
        ...inShapes(rows, [({ kept = 0 }) => kept]).flatMap((kept) => ['', kept, kept]),
      ]),
  ];
};

export const kindsTable = (value: readonly KindCost[]): string => toTable(kindsRows(value));
