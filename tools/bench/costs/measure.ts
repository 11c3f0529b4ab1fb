/** What one piece of work costs an event, in processor time, without HTTP, gzip and AWS. */
import { toTable, type Rows } from '../../driver/table.ts';

/** One way to do a piece of work, of those that a table compares. */
export interface Way {
  readonly name: string;
  /** Events that one call of `work` is done for. */
  readonly events: number;
  readonly work: () => void;
}

export interface WorkCost {
  readonly name: string;
  /** Of processor time, an event. */
  readonly microseconds: number;
}

const processorTime = (run: () => void): number => {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return user + system;
};

/**
 * Of several rounds, in turn, the fastest of each way: what else the machine does makes a round slower and never faster.
 * @param calls of a way in a round
 */
export const measureWork = (ways: readonly Way[], calls: number, rounds: number): readonly WorkCost[] => {
  const best = ways.map(() => Infinity);
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, { events, work }] of ways.entries()) {
      const time = processorTime(() => {
        for (let call = 0; call < calls; call += 1) work();
      });
      best[i] = Math.min(best[i] ?? Infinity, time / calls / events);
    }
  }
  return ways.map(({ name }, i) => ({ name, microseconds: best[i] ?? 0 }));
};

export const workRows = (title: string, costs: readonly WorkCost[]): Rows => [
  [title, 'microseconds an event'],
  ...costs.map(({ name, microseconds }) => [name, microseconds.toFixed(1)]),
];

export const workTable = (value: string, costs: readonly WorkCost[]): string =>
  toTable(workRows(value, costs));
