/**
 * Events of several users in one call of a destination that judges a call as a whole.
 *
 * - **Order**: a user's next events are given to it when the last call was answered, so that a call has one piece of each user.
 * - **Who shares**: the users of one batch of the queue whose messages are new. A batch with a message that was received before is worked on
 *   user by user (`batch-runner.ts`), and so is what is parked: what failed together is tried again apart.
 * - **A call that is refused for its content** is made again for each user alone, so that nobody's event is rejected for another's.
 */
import DataLoader from 'dataloader';
import { allDone } from '../core/base/all-done.ts';
import type { Outgoing, Sender, Verdicts } from './destinations/sender.ts';

/** How long a piece waits for company; milliseconds. */
const WINDOW = 3;

/** What one user sends in a call. */
interface Piece {
  readonly events: readonly Outgoing[];
  readonly timeLeft: () => number;
}

type Said = Verdicts | undefined;

/** Pieces of one source, and of one group where the destination has groups. */
const groupsOf = (
  pieces: readonly Piece[],
  { togetherBy }: Pick<Sender, 'togetherBy'>,
): readonly (readonly Piece[])[] => {
  const groups = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const [first] = piece.events;
    const name = JSON.stringify([first?.sourceId, first && togetherBy?.(first)]);
    groups.set(name, [...(groups.get(name) ?? []), piece]);
  }
  return [...groups.values()];
};

/** @returns the pieces by calls, in order, none with more than `batch` events */
const callsOf = (pieces: readonly Piece[], batch: number): readonly (readonly Piece[])[] => {
  const calls: Piece[][] = [];
  let events = Infinity;
  for (const piece of pieces) {
    if (events + piece.events.length > batch) {
      calls.push([]);
      events = 0;
    }
    calls.at(-1)?.push(piece);
    events += piece.events.length;
  }
  return calls;
};

const sendCall = async (pieces: readonly Piece[], sender: Sender): Promise<readonly Said[]> => {
  const timeLeft = (): number => Math.min(...pieces.map((piece) => piece.timeLeft()));
  const all = pieces.flatMap(({ events }) => events);
  const said = await sender.send(all, timeLeft);
  if (pieces.length === 1 || said === undefined) return pieces.map(() => said);
  if (said.kind === 'each') throw new Error('a call that users share is judged event by event');
  if (said.verdict.kind !== 'rejected') return pieces.map(() => said);
  const alone: Said[] = [];
  for (const piece of pieces) alone.push(await sender.send(piece.events, piece.timeLeft));
  return alone;
};

/** @param sender whose verdicts are of a call as a whole */
export const shared = (sender: Sender): Sender => {
  const loader = new DataLoader<Piece, Said>(
    async (pieces) => {
      const results = new Map<Piece, Said | Error>();
      const calls = groupsOf(pieces, sender).flatMap((group) => callsOf(group, sender.batch));
      await allDone(
        calls.map(async (call) => {
          try {
            const said = await sendCall(call, sender);
            for (const [i, piece] of call.entries()) results.set(piece, said[i]);
          } catch (error) {
            // A call that fails must not make those fail that ran at the same time.
            const failure = error instanceof Error ? error : new Error(String(error));
            for (const piece of call) results.set(piece, failure);
          }
        }),
      );
      return pieces.map((piece) => results.get(piece));
    },
    {
      cache: false,
      batchScheduleFn: (dispatch) => {
        setTimeout(dispatch, WINDOW);
      },
    },
  );
  return { ...sender, send: (events, timeLeft) => loader.load({ events, timeLeft }) };
};
