/** What of a packed message is still to be sent, and how a position in it is written down between attempts. */
import type { SluiceEvent } from '../core/event/event.ts';
import { NAME_LENGTH, nameOf } from '../core/event/outputs.ts';
import type { Progress } from '../core/stage/ports.ts';

/** One event to send: what the transform made of one event of the message. */
export interface Output {
  /** Index of the message's event that it was made of. */
  readonly event: number;
  /** Its index among the outputs of that event. */
  readonly index: number;
  readonly content: SluiceEvent;
}

export interface Plan {
  /** What is left to send, in order. */
  readonly outputs: readonly Output[];
  /**
   * The progress to save when this many of `outputs` are finished. Events that the transform filtered out count as
   * finished once all before them are.
   * @returns undefined at the very beginning of the message: there is nothing to save
   */
  readonly progressAt: (finished: number) => Progress | undefined;
  /** How many events were filtered out, of those that lie before that position and were not finished earlier. */
  readonly filteredAt: (finished: number) => number;
}

const namesIn = (done = ''): readonly string[] =>
  Array.from({ length: Math.floor(done.length / NAME_LENGTH) }, (_, i) =>
    done.slice(i * NAME_LENGTH, (i + 1) * NAME_LENGTH),
  );

interface Split {
  readonly left: readonly Output[];
  /** Names of the others. */
  readonly done: string;
}

/** The outputs that are not among those that were finished before. Two that are alike are two. */
const split = (outputs: readonly Output[], before: string): Split => {
  const names = [...namesIn(before)];
  if (names.length === 0) return { left: outputs, done: '' };
  const done: string[] = [];
  const left = outputs.filter(({ content }) => {
    const name = nameOf(content);
    const known = names.indexOf(name);
    if (known !== -1) done.push(...names.splice(known, 1));
    return known === -1;
  });
  return { left, done: done.join('') };
};

/**
 * Lays out what the transform made of the events that are not finished yet.
 *
 * Of the event in which the last attempt stopped, the outputs that were finished then are known again by id and content. So whatever
 * a transform makes of it this time, nothing is left out that was not delivered, and what was is not sent again.
 * @param made of each event, from the first on that is not finished
 */
export const planDelivery = (
  made: readonly (readonly SluiceEvent[])[],
  saved: Progress | undefined,
): Plan => {
  const start = saved?.events ?? 0;
  const all = made.map((events, i) =>
    events.map((content, index): Output => ({ event: start + i, index, content })),
  );
  const [first = [], ...others] = all;
  // Of a transform that makes others each time, only what it makes this time counts: or the names would grow without end, and
  // each attempt would have come further than the last.
  const { left, done: before } =
    made.length === 0 ? { left: [], done: saved?.done ?? '' } : split(first, saved?.done ?? '');
  const outputs = [...left, ...others.flat()];
  const end = start + made.length;

  const progressAt = (finished: number): Progress | undefined => {
    const events = outputs[finished]?.event ?? end;
    const own = outputs.slice(0, finished).filter(({ event }) => event === events);
    const done = (events === start ? before : '') + own.map(({ content }) => nameOf(content)).join('');
    if (events === 0 && done === '') return undefined;
    return { events, ...(done === '' ? {} : { done }) };
  };
  const filteredAt = (finished: number): number => {
    const reached = (outputs[finished]?.event ?? end) - start;
    return made.slice(0, reached).filter(({ length }) => length === 0).length;
  };
  return { outputs, progressAt, filteredAt };
};
