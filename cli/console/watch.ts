/** What the console of a stack asks of CloudWatch, as its page asks for it: the pipeline's alarms, and its events. */
import { Unavailable, type ConsoleActions } from '../../local/console/server.ts';
import type { AlarmView } from '../../local/console/contract.ts';
import type { StatusReport } from '../../contract/status.ts';
import { CommandFailure } from '../failure.ts';
import { flowOf, minuteOf, sampleOf, type EventCounts, type Sample } from './flow.ts';

/** Of CloudWatch. Each throws CommandFailure with what is to be shown. */
export interface CloudWatch {
  alarms(pipeline: string): Promise<readonly AlarmView[]>;
  /** @param from the beginning of a minute; to the beginning of another */
  events(pipeline: string, from: number, to: number): Promise<EventCounts>;
}

/** Samples of the backlog are kept for as long as a chart could show them, milliseconds. */
const KEPT = 3_600_000;

export interface Watch extends Required<Pick<ConsoleActions, 'metrics' | 'alarms'>> {
  /** Each answer of control to `status`. */
  note(report: StatusReport): void;
}

const unavailable = (error: unknown): never => {
  if (error instanceof CommandFailure) throw new Unavailable(error.message, { cause: error });
  throw error;
};

export const startWatch = (cloudWatch: CloudWatch, clock: () => number): Watch => {
  let samples: readonly Sample[] = [];
  let pipeline: string | undefined;
  /** CloudWatch charges for each reading: of a minute, and of a beginning of the chart, there is one. */
  let read: { readonly from: number; readonly to: number; readonly counts: Promise<EventCounts> } | undefined;

  const named = (): string => {
    if (pipeline === undefined) throw new Unavailable('control has not said yet which pipeline it is');
    return pipeline;
  };
  const countsSince = (from: number, to: number): Promise<EventCounts> => {
    if (read?.from === from && read.to === to) return read.counts;
    const counts = cloudWatch.events(named(), from, to);
    read = { from, to, counts };
    // What was refused is asked again at the next turn.
    counts.catch(() => (read = undefined));
    return counts;
  };
  return {
    note: (report) => {
      const now = clock();
      ({ pipeline } = report);
      samples = [...samples.filter(({ at }) => at > now - KEPT), sampleOf(report, now)];
    },
    alarms: async () => cloudWatch.alarms(named()).catch(unavailable),
    metrics: async (from) => {
      const now = clock();
      const counts = await countsSince(minuteOf(from), minuteOf(now)).catch(unavailable);
      return flowOf(counts, samples, { from, now });
    },
  };
};
