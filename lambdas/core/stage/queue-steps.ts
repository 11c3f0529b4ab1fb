/** What is asked of a stage's queue, and may fail without harm. */
import { allDone } from '../base/all-done.ts';
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

/** Oldest first: behind one that may still be in the queue, its key's later ones stay, so that they come back in order. */
export const deleteInOrder = async (
  messages: readonly IncomingMessage[],
  ports: QueuePorts,
): Promise<void> => {
  const deleteAll = async (own: readonly IncomingMessage[]): Promise<void> => {
    for (const message of own) if (!(await deleteMessage(message, ports))) return;
  };
  await allDone([...byKey(messages).values()].map(deleteAll));
};

export const byKey = (
  messages: readonly IncomingMessage[],
): ReadonlyMap<string, readonly IncomingMessage[]> => {
  const keys = new Map<string, IncomingMessage[]>();
  for (const message of messages) append(keys, message.groupId, message);
  return keys;
};
