/** Several rounds of a scenario as one result. */
import type { Result } from './measure.ts';
import { median } from './sandbox/median.ts';

export interface Measured extends Result {
  /** Of the system. */
  readonly system: string;
  readonly rounds: readonly Result[];
}

const total = (all: readonly number[]): number => all.reduce((sum, value) => sum + value, 0);

const known = (all: readonly (number | undefined)[]): number | undefined => {
  const values = all.filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
};

const kindsOf = (rounds: readonly Result['kinds'][]): Result['kinds'] =>
  [...new Set(rounds.flat().map(({ kind }) => kind))].map((kind) => {
    const found = rounds.flat().filter((one) => one.kind === kind);
    return {
      kind,
      processes: Math.max(...found.map(({ processes }) => processes)),
      userSeconds: median(found.map(({ userSeconds }) => userSeconds)),
      systemSeconds: median(found.map(({ systemSeconds }) => systemSeconds)),
    };
  });

/**
 * The median of each figure, and the sum of each count: what one round loses is lost.
 * @throws Error without a round
 */
export const medianOf = (rounds: readonly Result[]): Result => {
  const [first] = rounds;
  if (first === undefined) throw new Error('there was no round');
  const sum = (of: (result: Result) => number): number => total(rounds.map(of));
  const mid = (of: (result: Result) => number): number => median(rounds.map(of));
  const percentiles = (of: (result: Result) => Result['request']): Result['request'] => ({
    p50: mid((result) => of(result).p50),
    p90: mid((result) => of(result).p90),
    p99: mid((result) => of(result).p99),
    max: mid((result) => of(result).max),
  });
  return {
    scenario: first.scenario,
    size: first.size,
    accepted: sum(({ accepted }) => accepted),
    deliveries: sum(({ deliveries }) => deliveries),
    lost: sum(({ lost }) => lost),
    duplicates: sum(({ duplicates }) => duplicates),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    requests: sum(({ requests }) => requests),
    refusals: sum(({ refusals }) => refusals),
    acceptedPerSecond: mid(({ acceptedPerSecond }) => acceptedPerSecond),
    endToEndPerSecond: known(rounds.map(({ endToEndPerSecond }) => endToEndPerSecond)),
    request: percentiles(({ request }) => request),
    delay: percentiles(({ delay }) => delay),
    cpuSecondsPerThousand: known(rounds.map(({ cpuSecondsPerThousand }) => cpuSecondsPerThousand)),
    peakMemoryBytes: known(rounds.map(({ peakMemoryBytes }) => peakMemoryBytes)),
    kinds: kindsOf(rounds.map(({ kinds }) => kinds)),
    harnessCpuSeconds: mid(({ harnessCpuSeconds }) => harnessCpuSeconds),
    seconds: mid(({ seconds }) => seconds),
  };
};
