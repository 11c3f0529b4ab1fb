/**
 * Sends lanes of messages to SQS.
 *
 * Order: a lane's message is sent when SQS has accepted the one before it, and not earlier. Lanes are independent of one
 * another: those that fail do not hold back those that succeed. A message is sent again with the same deduplication id, so
 * one that was accepted unseen is not stored twice.
 */
import pLimit from 'p-limit';
import { allDone } from '../core/base/all-done.ts';
import { backoff } from '../core/stage/backoff.ts';
import { inCalls } from '../core/base/send-batches.ts';
import type { Lane } from '../core/ingest/plan.ts';
import { InfraFault } from '../core/base/faults.ts';
import type { OutgoingMessage, QueueSender, SendResult } from '../core/base/messages.ts';
import type { Random } from '../core/base/clock.ts';
import { ended, type Deadline } from './deadline.ts';

/** As many as one small function can keep busy. */
const CALLS_AT_ONCE = 10;

/** Milliseconds between two tries of one request; it has some seconds in all. */
const PAUSES = { minBackoff: 50, maxBackoff: 1_000 };

/** Waits, or until the signal aborts; never throws. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export const sleep: Sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });

/** With the request's deadline. */
export interface SendOptions extends Deadline {
  readonly sender: QueueSender;
  readonly sleep: Sleep;
  readonly random: Random;
}

export type SendOutcome =
  /** SQS has accepted every message. */
  | { readonly kind: 'sent' }
  /** The deadline came first. Some of the messages may have been accepted. */
  | { readonly kind: 'late'; readonly reason: string }
  /** SQS refuses a message, and will refuse it again. The others were sent. */
  | { readonly kind: 'refused'; readonly reason: string };

const TOO_LATE = 'SQS had not answered when the deadline of the request came';
const NO_RESULT = 'SQS gave no result for the message';

const failed = (reason: string): SendResult => ({ ok: false, senderFault: false, reason });

/** One call. A result that comes between deadline and end counts: what SQS has accepted is accepted. */
const call = async (
  messages: readonly OutgoingMessage[],
  { sender, signal, end }: SendOptions,
): Promise<readonly SendResult[]> => {
  const isLate = (): boolean => signal.aborted;
  if (isLate()) return messages.map(() => failed(TOO_LATE));
  try {
    const results = await ended(sender.send(messages, signal), { end });
    return messages.map((_, i) => results[i] ?? failed(NO_RESULT));
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    // After the deadline it is the signal that made the call fail.
    const reason = isLate() ? TOO_LATE : error.message;
    return messages.map(() => failed(reason));
  }
};

/** Most requests are few calls, for which there is nothing to limit. */
const atOnce = (
  calls: readonly (readonly OutgoingMessage[])[],
  options: SendOptions,
): readonly Promise<readonly SendResult[]>[] => {
  if (calls.length <= CALLS_AT_ONCE) return calls.map((messages) => call(messages, options));
  const limit = pLimit(CALLS_AT_ONCE);
  return calls.map((messages) => limit(call, messages, options));
};

/**
 * When it has ended no call is under way, unless one was given up: see `deadline.ts`.
 * @throws what the sender throws that is not an InfraFault
 */
export const sendLanes = async (lanes: readonly Lane[], options: SendOptions): Promise<SendOutcome> => {
  let waiting = lanes;
  let failedRounds = 0;
  let failure: string | undefined;
  let refusal: string | undefined;
  for (;;) {
    waiting = waiting.filter((lane) => lane.length > 0);
    if (waiting.length === 0) {
      return refusal === undefined ? { kind: 'sent' } : { kind: 'refused', reason: refusal };
    }
    // One message a lane: two of a lane never meet in a call.
    const calls = inCalls(waiting.flatMap((lane) => lane.slice(0, 1)));
    const results = (await allDone(atOnce(calls, options))).flat();
    const left: Lane[] = [];
    let anyFailed = false;
    for (const [i, lane] of waiting.entries()) {
      const result = results[i] ?? failed(NO_RESULT);
      if (result.ok) {
        left.push(lane.slice(1));
      } else if (result.senderFault) {
        refusal = result.reason;
      } else {
        left.push(lane);
        anyFailed = true;
        // What went wrong before the deadline says more than that it came.
        if (failure === undefined || result.reason !== TOO_LATE) failure = result.reason;
      }
    }
    waiting = left;
    failedRounds = anyFailed ? failedRounds + 1 : 0;
    if (!anyFailed) continue;
    if (options.signal.aborted) return { kind: 'late', reason: failure ?? TOO_LATE };
    await options.sleep(backoff(failedRounds, PAUSES, options.random), options.signal);
  }
};
