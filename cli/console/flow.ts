/** The chart of a console of a stack: events by CloudWatch's minutes, and the backlog that status has said since the console began. Pure. */
import type { StatusReport } from '../../contract/status.ts';
import type { FlowSeries } from '../../local/console/contract.ts';

const MINUTE = 60_000;
/** Minutes in which CloudWatch may not have taken everything out of the functions' logs. */
const LATE = 2;

/** By the beginning of a minute, milliseconds since 1970. */
export type Counts = ReadonlyMap<number, number>;

export interface EventCounts {
  readonly accepted: Counts;
  readonly delivered: Counts;
}

/** What waited when control was asked. */
export interface Sample {
  readonly at: number;
  readonly messages: number;
}

export const sampleOf = ({ stages }: Pick<StatusReport, 'stages'>, at: number): Sample => ({
  at,
  messages: stages.reduce((sum, { queue }) => sum + queue.visible + queue.inFlight + (queue.delayed ?? 0), 0),
});

export const minuteOf = (at: number): number => Math.floor(at / MINUTE) * MINUTE;

/** @param samples the latest last */
export const flowOf = (
  { accepted, delivered }: EventCounts,
  samples: readonly Sample[],
  { from, now }: { readonly from: number; readonly now: number },
): FlowSeries => {
  const first = minuteOf(from);
  const current = minuteOf(now);
  const at = Array.from(
    { length: Math.max(0, (current - first) / MINUTE + 1) },
    (_, i) => first + i * MINUTE,
  );
  const known = (counts: Counts): readonly (number | null)[] =>
    at.map((start) => {
      // The minute that has not ended would look like a drop. What waits in it is known.
      if (start === current) return null;
      return counts.get(start) ?? (start < current - LATE * MINUTE ? 0 : null);
    });
  return {
    step: MINUTE,
    at,
    accepted: known(accepted),
    delivered: known(delivered),
    backlog: at.map((start) => samples.findLast((one) => minuteOf(one.at) === start)?.messages ?? null),
  };
};
