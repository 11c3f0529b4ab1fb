/** Messages of a key that are worked on as one: see "Units" in `parking.ts`. */
import { NOTHING_SHOWN, outcomeOf, unitOutcomes, type Outcome, type Process } from './outcome.ts';
import type { Processing, Shown } from './outcome.ts';
import type { IncomingMessage } from '../base/messages.ts';

export type Unit<Message> = readonly [Message, ...Message[]];

export type NotDone = Exclude<Outcome, { kind: 'done' }>;

export interface Processed {
  /** How many of the messages are done, from the first on without a gap. */
  readonly done: number;
  /** What they have shown together. */
  readonly shown: Shown;
  /** What became of the message behind them; undefined: it was not begun. */
  readonly last: NotDone | undefined;
}

/** What the work on several messages has shown. */
const sumOf = (outcomes: readonly Outcome[]): Shown => {
  const all = outcomes.map(({ shown }) => shown ?? NOTHING_SHOWN);
  const rejection = all.findLast((shown) => shown.rejection !== undefined)?.rejection;
  return {
    delivered: all.reduce((sum, { delivered }) => sum + delivered, 0),
    filtered: all.reduce((sum, { filtered }) => sum + filtered, 0),
    rejected: all.reduce((sum, { rejected }) => sum + rejected, 0),
    ...(rejection === undefined ? {} : { rejection }),
  };
};

const isNotDone = (outcome: Outcome): outcome is NotDone => outcome.kind !== 'done';

/** Never throws. What is done counts only up to the first that is not: the rest begins again. */
export const processUnit = async (
  process: Process,
  [first, ...others]: Unit<IncomingMessage>,
  processing: Processing,
): Promise<Processed> => {
  const outcomes =
    others.length === 0 || process.unit === undefined
      ? [await outcomeOf(process, first, processing)]
      : await unitOutcomes(process.unit, [first, ...others], processing);
  const end = outcomes.findIndex(isNotDone);
  const done = end === -1 ? outcomes : outcomes.slice(0, end);
  return { done: done.length, shown: sumOf(done), last: outcomes.find(isNotDone) };
};
