/** What is asked of a stage's queue, and may fail without harm. */
import { append } from '../base/append.ts';
import { InfraFault } from '../base/faults.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { RunnerDeps } from './runner-deps.ts';

type QueueDeps = Pick<RunnerDeps, 'queue' | 'observe'>;

/** If it fails, the messages come back after the queue's own visibility timeout: later, but in order. */
export const hide = async (
  messages: readonly IncomingMessage[],
  seconds: number,
  { queue, observe }: QueueDeps,
): Promise<void> => {
  if (messages.length === 0) return;
  try {
    await queue.setVisibility(messages, seconds);
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    observe({ type: 'setback', step: 'visibility', error });
  }
};

/** @returns whether it is known to be deleted */
export const deleteMessage = async (
  message: IncomingMessage,
  { queue, observe }: QueueDeps,
): Promise<boolean> => {
  try {
    await queue.delete(message);
    return true;
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    observe({ type: 'setback', step: 'delete', error });
    return false;
  }
};

export const byKey = (
  messages: readonly IncomingMessage[],
): ReadonlyMap<string, readonly IncomingMessage[]> => {
  const keys = new Map<string, IncomingMessage[]>();
  for (const message of messages) append(keys, message.groupId, message);
  return keys;
};
