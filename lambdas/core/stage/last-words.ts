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
 * - A charge that was written before the attempt is not written again: only that the attempt has ended, and how.
 * - The mode machine learns of a death whose message is known: a stage at which processes die is of no use. Except when the key is in
 *   trouble of its own by that death: then nothing is written either, and the next delivery, which finds that the process died, parks it.
 * - The charge comes before the messages are given back: a redelivered message must find it.
 * - A call that the dead process had under way may still land: a message is delivered again only after that. Otherwise the late
 *   call is a duplicate behind its user's next event.
 */
import { bestEffort } from './best-effort.ts';
import { afterCrash, afterDeath, charge, epochOf, hasDied } from './attempt-ledger.ts';
import { backoff, toSeconds } from './backoff.ts';
import { deathCrash } from './crash.ts';
import { lastProgress } from '../mode/transitions.ts';
import { isOwnTrouble, type OwnTroubleSettings } from './own-trouble.ts';
import { InfraFault } from '../base/faults.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { StateStore } from './ports.ts';
import { byKey, changeVisibility } from './queue-steps.ts';
import type { RunnerMode, RunnerPorts, RunnerStage, RunnerTime } from './runner-deps.ts';

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
  readonly stage: Pick<RunnerStage, 'name'>;
  readonly ports: Pick<RunnerPorts, 'queue' | 'observe'> & {
    readonly state: Pick<StateStore, 'read' | 'saveAttempt'>;
  };
  readonly mode: Pick<RunnerMode, 'note'>;
  readonly time: Pick<RunnerTime, 'clock' | 'backoff' | 'random'>;
  readonly settings: OwnTroubleSettings;
  /** In which a call of the dead process has landed, if it lands at all: milliseconds. */
  readonly landing: number;
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
  const { ports, time, landing } = deps;
  if (time.clock() >= words.until || words.held.length === 0) return;
  const [only, ...others] = words.inHand;
  const guilty = others.length === 0 ? words.held.find(({ id }) => id === only?.id) : undefined;
  ports.observe({
    type: 'died',
    messages: words.held.length,
    ...(guilty === undefined ? {} : { message: asMessage(guilty) }),
  });
  if (guilty !== undefined && only !== undefined) await chargeFor(guilty, only, words, deps);
  for (const [key, messages] of byKey(words.held.map(asMessage))) {
    // The key's later messages stay behind the one that waits.
    const pause = key === guilty?.groupId ? backoff(1, time.backoff, time.random) : 0;
    await changeVisibility(messages, toSeconds(Math.max(pause, landing)), ports);
  }
};

/** What is not recorded here is charged at the next delivery, if an attempt of it was. */
const chargeFor = async (
  message: HeldMessage,
  { stamp, isCharged }: Words['inHand'][number],
  { codeVersion }: Words,
  { stage, ports, mode, time, settings }: SpokenDeps,
): Promise<void> => {
  const { state, observe } = ports;
  const now = time.clock();
  const crash = deathCrash({ message, codeVersion, at: now }, 'the process ended');
  try {
    const stored = await state.read(stage.name, { keys: [], attemptsOf: [message.id] });
    const known = stored.attempts.get(message.id);
    // Another has found that it died, or its charge was taken back.
    if (isCharged && !hasDied(known, stamp)) return;
    const failed = { now, lastProgress: lastProgress(stored) };
    const attempt = isCharged
      ? afterDeath(known, failed)
      : afterCrash(charge(undefined, stamp, now), crash, failed);
    if (isCharged && isOwnTrouble(attempt, true, stored.own, now, settings)) return;
    await state.saveAttempt(stage.name, message.id, attempt);
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    observe({ type: 'setback', step: 'ledger', error });
    // Its next delivery finds that it died.
    if (isCharged) return;
  }
  const died = { type: 'died', epoch: epochOf(stamp), messageId: message.id, crash } as const;
  await bestEffort('mode', () => mode.note(died), observe);
};
