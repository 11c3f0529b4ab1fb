/**
 * Last words: what a function's process notes while it works, so that the next process of the same environment knows what the
 * former had in hand when it died. Without them a death costs the queue's visibility timeout for the whole batch, and the
 * first death of a message is charged to nobody.
 *
 * The rules, and what each is there for:
 * - Only what the dead process certainly still had is touched: what it gave back or deleted is left out, and nothing is done
 *   after the messages may have become visible. Another function may work on them then.
 * - A message is charged only if it was the only one in hand. Of several, nobody knows which one killed the process; they
 *   are all redelivered, and run one after another then.
 * - A charge that was written before the attempt is not written again.
 * - The charge comes before the messages are given back: a redelivered message must find it.
 * - A call that the dead process had under way may still land: a message is delivered again only after that. Otherwise the late
 *   call is a duplicate behind its user's next event.
 */
import { afterCrash, charge } from './attempts.ts';
import { backoff, toSeconds, type BackoffLimits } from './backoff.ts';
import { deathCrash } from './crash.ts';
import {
  InfraFault,
  type Clock,
  type IncomingMessage,
  type Random,
  type StageQueue,
  type StateStore,
} from './ports.ts';
import { byKey, hide } from './queue-steps.ts';
import type { RunnerEvent } from './runner-deps.ts';

export interface LastWords {
  /** Noted immediately before an attempt. @param stamp of the charge @param isCharged it has been charged already */
  begun(message: IncomingMessage, stamp: string, isCharged: boolean): void;
  /** The attempt is over, however it ended. */
  ended(message: IncomingMessage): void;
}

/** Of a message, what it takes to charge it and to give it back. */
export type HeldMessage = Pick<
  IncomingMessage,
  'id' | 'receiptHandle' | 'groupId' | 'sequenceNumber' | 'receiveCount' | 'sentAt'
>;

export interface Words {
  readonly codeVersion: string;
  /** Until then no other function can have received the messages; milliseconds since 1970. */
  readonly until: number;
  /** In the queue's order; what was given back or deleted is left out. */
  readonly held: readonly HeldMessage[];
  readonly inHand: readonly { readonly id: string; readonly stamp: string; readonly isCharged: boolean }[];
}

export interface SpokenDeps {
  readonly stage: string;
  readonly queue: StageQueue;
  readonly state: Pick<StateStore, 'saveAttempt'>;
  readonly backoff: BackoffLimits;
  /** In which a call of the dead process has landed, if it lands at all: milliseconds. */
  readonly landing: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: (event: RunnerEvent) => void;
}

export const toHeld = ({
  id,
  receiptHandle,
  groupId,
  sequenceNumber,
  receiveCount,
  sentAt,
}: IncomingMessage): HeldMessage => ({
  id,
  receiptHandle,
  groupId,
  sequenceNumber,
  receiveCount,
  sentAt,
});

/** Neither needs the body. */
const asMessage = (held: HeldMessage): IncomingMessage => ({ ...held, body: '' });

/** Acts on the words of a process that has died. What AWS fails to do is made up for by the visibility timeout. */
export const heed = async (words: Words, deps: SpokenDeps): Promise<void> => {
  const { clock, random, backoff: limits, landing, observe } = deps;
  if (clock() >= words.until || words.held.length === 0) return;
  const [only, ...others] = words.inHand;
  const guilty = others.length === 0 ? words.held.find(({ id }) => id === only?.id) : undefined;
  observe({
    type: 'died',
    messages: words.held.length,
    ...(guilty === undefined ? {} : { message: asMessage(guilty) }),
  });
  if (guilty !== undefined && only?.isCharged === false) await chargeFor(guilty, only.stamp, words, deps);
  for (const [key, messages] of byKey(words.held.map(asMessage))) {
    // The key's later messages stay behind the one that waits.
    const pause = key === guilty?.groupId ? backoff(1, limits, random) : 0;
    await hide(messages, toSeconds(Math.max(pause, landing)), deps);
  }
};

const chargeFor = async (
  message: HeldMessage,
  stamp: string,
  { codeVersion }: Words,
  { stage, state, clock, observe }: SpokenDeps,
): Promise<void> => {
  const site = { message, codeVersion, at: clock() };
  const attempt = afterCrash(charge(undefined, stamp), deathCrash(site, 'the process ended'));
  try {
    await state.saveAttempt(stage, message.id, attempt);
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    observe({ type: 'setback', step: 'ledger', error });
  }
};
