/** What went through the pipeline, in a line, when there is news. */
import type { FlowSeries } from '../../local/console/contract.ts';

const sum = (values: readonly (number | null)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

export interface Progress {
  readonly accepted: number;
  readonly delivered: number;
  /** Messages that wait in queues. */
  readonly waiting: number;
}

export const progressOf = ({ accepted, delivered, backlog }: FlowSeries): Progress => ({
  accepted: sum(accepted),
  delivered: sum(delivered),
  waiting: backlog.findLast((value) => value !== null) ?? 0,
});

export const progressText = ({ accepted, delivered, waiting }: Progress): string =>
  `accepted ${accepted}, delivered ${delivered}${waiting === 0 ? '' : `, ${waiting} messages wait`}`;
