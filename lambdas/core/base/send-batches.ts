import { MAX_BATCH_BYTES, MAX_BATCH_ENTRIES } from './limits.ts';
import type { OutgoingMessage } from './messages.ts';
import { byteLength, mostBytes } from './text.ts';

/** Splits messages, in order, into as few calls of SendMessageBatch as hold them. */
export const inCalls = <M extends OutgoingMessage>(messages: readonly M[]): readonly (readonly M[])[] => {
  const calls: M[][] = [];
  // Together they fit, however many bytes their characters take: nothing has to be measured.
  const most = messages.reduce((sum, { body }) => sum + mostBytes(body), 0);
  const sizeOf = most <= MAX_BATCH_BYTES ? mostBytes : byteLength;
  let bytes = Infinity;
  for (const message of messages) {
    const size = sizeOf(message.body);
    if (bytes + size > MAX_BATCH_BYTES || calls.at(-1)?.length === MAX_BATCH_ENTRIES) {
      calls.push([]);
      bytes = 0;
    }
    calls.at(-1)?.push(message);
    bytes += size;
  }
  return calls;
};
