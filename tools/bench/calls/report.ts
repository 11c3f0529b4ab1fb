import { toTable, type Rows } from '../../driver/table.ts';
import { sumOf } from './cost.ts';
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
