/** Archived events as messages that are parked. Pure. */
import { packer } from '../../core/event/envelope.ts';
import type { ReplayedMessage } from '../../core/stage/replay.ts';
import type { Erased } from './erased.ts';
import type { Found } from './window.ts';

export interface CountedMessage extends ReplayedMessage {
  /** Its events, in their order. */
  readonly found: readonly Found[];
  /** Some of its events, or all, are of people who were erased. */
  readonly isLess: boolean;
}

/** Events that were archived together stay together, as far as a message has room. */
export const toMessages = (found: readonly Found[]): readonly CountedMessage[] => {
  const groups: Found[][] = [];
  for (const one of found) {
    const before = groups.at(-1)?.[0];
    const isSame =
      before?.key === one.key && before.sequence === one.sequence && before.archivedAt === one.archivedAt;
    if (isSame) groups.at(-1)?.push(one);
    else groups.push([one]);
  }
  return groups.flatMap((group) => {
    const [head] = group;
    if (head === undefined) return [];
    const { key, sequence, archivedAt: sentAt } = head;
    return packed(head, group).map(({ from, to, body }) => ({
      key,
      sequence,
      first: group[from]?.place ?? 0,
      last: group[to - 1]?.place ?? 0,
      body,
      sentAt,
      found: group.slice(from, to),
      isLess: false,
    }));
  });
};

const packed = ({ source: sourceId, receivedAt }: Found, group: readonly Found[]) =>
  packer({ sourceId, receivedAt })(group.map(({ text }) => text));

/**
 * Its place stays the one that it would have with all of its events: a slice that is made again, when more of them are erased, puts it there again.
 * @returns the same message if none of its events is erased; without events if all are
 */
export const without = (message: CountedMessage, erased: Erased): CountedMessage => {
  const found = message.found.filter((one) => !erased.has(one));
  const [head] = found;
  if (found.length === message.found.length) return message;
  if (head === undefined) return { ...message, found, isLess: true, body: '' };
  return { ...message, found, isLess: true, body: packed(head, found)[0]?.body ?? '' };
};
