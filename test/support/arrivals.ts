/** What arrives at a destination, judged by what at-least-once delivery promises. */
import type { ReceivedEvent } from '../../tools/driver/receiver.ts';

/**
 * Removes the duplicates that at-least-once delivery allows: a message that is redelivered repeats its events directly after their
 * first arrival, before its user's next message. Any other duplicate stays, so an exact comparison of the result finds it.
 * @param received in the order of arrival
 * @param packed the most events of one user in one message
 */
export const withoutRedeliveries = (
  received: readonly ReceivedEvent[],
  packed = 1,
): readonly ReceivedEvent[] => {
  const latest = new Map<unknown, readonly string[]>();
  return received.filter(({ userId, messageId }) => {
    const before = latest.get(userId) ?? [];
    if (before.includes(messageId)) return false;
    latest.set(userId, [...before, messageId].slice(-packed));
    return true;
  });
};

/** The ids of what `withoutRedeliveries` leaves. */
export const arrivedIds = (received: readonly ReceivedEvent[], packed = 1): readonly string[] =>
  withoutRedeliveries(received, packed).map(({ messageId }) => messageId);
