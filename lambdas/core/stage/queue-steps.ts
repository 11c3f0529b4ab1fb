/** What is asked of a stage's queue, and may fail without harm. */
import { append } from '../base/append.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { bestEffort } from './best-effort.ts';
import type { RunnerPorts } from './runner-deps.ts';

type QueuePorts = Pick<RunnerPorts, 'queue' | 'observe'>;

/** If it fails, the messages come back after the queue's own visibility timeout: later, but in order. */
export const changeVisibility = async (
  messages: readonly IncomingMessage[],
  seconds: number,
  { queue, observe }: QueuePorts,
): Promise<void> => {
  if (messages.length === 0) return;
  await bestEffort('visibility', () => queue.setVisibility(messages, seconds), observe);
};

/** @returns whether it is known to be deleted */
export const deleteMessage = (message: IncomingMessage, { queue, observe }: QueuePorts): Promise<boolean> =>
  bestEffort('delete', () => queue.delete(message), observe);

export const byKey = (
  messages: readonly IncomingMessage[],
): ReadonlyMap<string, readonly IncomingMessage[]> => {
  const keys = new Map<string, IncomingMessage[]>();
  for (const message of messages) append(keys, message.groupId, message);
  return keys;
};
