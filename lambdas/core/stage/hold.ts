/**
 * A mapping may keep a batch for minutes before it invokes the function with it, while Lambda throttles the function. The messages then
 * become visible while the function is at work, another function receives them, and two work on one key.
 *
 * So nothing is begun before it is known that the messages stay hidden for as long as the function can run. SQS says when a message was
 * received for the first time; when it was received again it does not say, so that it is hidden again.
 */
import { CALL_MARGIN } from '../base/limits.ts';
import { InfraFault } from '../base/faults.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { RunnerPorts, RunnerTime } from './runner-deps.ts';

export interface HoldDeps {
  readonly ports: Pick<RunnerPorts, 'queue' | 'observe'>;
  readonly time: Pick<RunnerTime, 'clock' | 'timeLeft'>;
  /** The queue's visibility timeout, milliseconds. */
  readonly visibility: number;
}

/**
 * @param messages of one batch, which were received together
 * @returns until when no other function receives them, milliseconds since 1970; undefined: another may have them already, so that none may
 *   be begun, and the queue must keep them
 */
export const hold = async (
  messages: readonly IncomingMessage[],
  { ports, time, visibility }: HoldDeps,
): Promise<number | undefined> => {
  const receivedAt = Math.min(...messages.map((message) => message.receivedAt ?? Infinity));
  const isKnown = receivedAt !== Infinity;
  if (isKnown && receivedAt + visibility >= time.clock() + time.timeLeft() + CALL_MARGIN)
    return receivedAt + visibility;
  const until = time.clock() + visibility;
  try {
    await ports.queue.setVisibility(messages, visibility / 1_000);
    return until;
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    ports.observe({ type: 'deferred', messages: messages.length, reason: 'perhaps handed out again', error });
    return undefined;
  }
};
