/** What came of it, and whether it is what was promised. */
import type { Ledger, Verdict } from '../driver/ledger.ts';
import { toTable } from '../driver/table.ts';
import { VICTIMS, type Victim } from './plan.ts';
import type { Summary } from './recoveries.ts';
import type { Seen } from './watch.ts';

export interface Result extends Verdict {
  readonly seed: number;
  readonly users: number;
  readonly kills: Readonly<Record<Victim, number>>;
  readonly seconds: number;
  /** Events whose code crashes, or ends its process, while the transforms are not fixed. */
  readonly poisonous: number;
  /** Requests that were sent again because they were not answered. */
  readonly unanswered: number;
  /** ... because the answer asked for a retry. */
  readonly refused: number;
  /** Answers of the destinations that were not 200. */
  readonly failedDeliveries: number;
  readonly stages: readonly Seen[];
  readonly startMs: Summary;
  /** From a kill to the next request that was answered 200. */
  readonly accepting: Summary;
  /** From a kill to the next delivery of a start that was up. */
  readonly delivering: Summary;
  /** From the last kill to the last delivery, the fix included. */
  readonly settledMs: number;
  /** What must not be; a line each. */
  readonly problems: readonly string[];
}

/** How many examples are enough to look for. */
const EXAMPLES = 10;

const examples = (what: string, all: readonly string[]): readonly string[] =>
  all.length === 0
    ? []
    : [`${all.length} ${what}: ${all.slice(0, EXAMPLES).join('; ')}${all.length > EXAMPLES ? '; ...' : ''}`];

/**
 * @param ledger of events that were answered 200, and of deliveries
 * @param more what else must be empty: answers that make an SDK throw events away, for example
 */
export const findProblems = (
  ledger: Ledger,
  more: Readonly<Record<string, readonly string[]>>,
): readonly string[] => [
  ...(ledger.verdict().accepted === 0 ? ['nothing was accepted: this run shows nothing'] : []),
  ...examples('lost', ledger.missing()),
  ...examples('out of order', ledger.overtaken),
  ...Object.entries(more).flatMap(([what, all]) => examples(what, all)),
];

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const spread = ({ count, medianMs, maxMs }: Summary): string =>
  count === 0 ? 'never seen' : `median ${seconds(medianMs)}, longest ${seconds(maxMs)}`;

export const resultTable = (result: Result): string => {
  const { kills, stages } = result;
  const total = VICTIMS.reduce((sum, victim) => sum + kills[victim], 0);
  return toTable([
    ['seed', String(result.seed)],
    ['kills', `${total}: ${VICTIMS.map((victim) => `${kills[victim]} ${victim}`).join(', ')}`],
    ['took', seconds(result.seconds * 1_000)],
    ['events answered 200', String(result.accepted)],
    ['deliveries, two destinations', String(result.deliveries)],
    ['lost', String(result.lost)],
    ['out of order', String(result.outOfOrder)],
    ['duplicates', String(result.duplicates)],
    ['poisonous events', String(result.poisonous)],
    ...stages.map(({ stage, parkedKeys, degraded }) => [
      `${stage}: most keys parked at the same time, times degraded`,
      `${parkedKeys}, ${degraded}`,
    ]),
    ['requests sent again: no answer, 5xx', `${result.unanswered}, ${result.refused}`],
    ['deliveries answered 500', String(result.failedDeliveries)],
    ['a start until it is up', spread(result.startMs)],
    ['from a kill to the next 200', spread(result.accepting)],
    ['from a kill to the next delivery', spread(result.delivering)],
    ['from the last kill to the last delivery', seconds(result.settledMs)],
  ]);
};
