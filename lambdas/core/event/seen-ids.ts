/**
 * Which events of an order key have come before: deduplication beyond SQS's five minutes, and however a retry cuts its
 * batches.
 *
 * The record of a key has the ids of the events that were routed, and which message brought each. It is read before a
 * message is looked at, and written once, when every queue has taken its part of the message. So whatever is in it has been
 * routed, or filtered out, and what is dropped for it is a repetition:
 * - An id that the same message brought is not one. A message that is redelivered, after a death or a failed deletion, is sent
 *   again whole; what it repeats within itself is left out each time alike.
 * - A write that is lost, or one of a dead worker that lands late and takes the place of a newer, makes the record forget:
 *   that costs a duplicate, never an event. So the writes need no condition.
 * - Age is the time between the two messages' acceptance by SQS, and not the time of the work: a message that waited for
 *   hours is judged as it would have been then, and in the same way at each receive.
 */
import { fingerprint } from './deduplication-id.ts';
import type { SluiceEvent } from './event.ts';
import type { IncomingMessage } from '../base/messages.ts';

export interface SeenLimits {
  /** For how long an id is remembered; milliseconds. */
  readonly window: number;
  /** How many ids of a key are remembered: the newest. */
  readonly maxIds: number;
}

/** What one message brought. */
export interface Brought {
  /** Of the message; see `nameOf`. */
  readonly by: string;
  /** When SQS accepted it; milliseconds since 1970. */
  readonly at: number;
  /** Of its events, in order; see `idOf`. */
  readonly ids: readonly string[];
}

/** The record of a key: what was routed first comes first. */
export type Seen = readonly Brought[];

export interface SeenIdsStore {
  /** Strongly consistent; empty when nothing is stored, or what cannot be read. @throws InfraFault */
  read(key: string): Promise<Seen>;
  /** Takes the place of what is stored. @throws InfraFault; the write may have taken effect anyway */
  save(key: string, seen: Seen): Promise<void>;
}

type Message = Pick<IncomingMessage, 'id' | 'sentAt'>;

/** Characters of base64url: 96 bits. */
const ID_LENGTH = 16;

/**
 * Two ids that are taken for one cost an event. Of 2,000 that are remembered, the most there may be, a new one equals any
 * with a probability of 2,000 / 2^96, or 2.5e-26: in a trillion events, one in 40 trillion. The source is part of the key.
 */
const idOf = ({ messageId }: SluiceEvent): string => fingerprint([messageId]).slice(0, ID_LENGTH);

/** 36 bits: two messages that are taken for one cost a duplicate, and only if they bring the same event. */
const nameOf = ({ id }: Message): string => fingerprint([id]).slice(0, 6);

const recent = (seen: Seen, { sentAt }: Message, { window }: SeenLimits): Seen =>
  seen.filter(({ at }) => sentAt - at < window);

/** @returns the message's events, without those that another message, or an earlier place in this one, has brought */
export const withoutRepetitions = (
  seen: Seen,
  message: Message,
  events: readonly SluiceEvent[],
  limits: SeenLimits,
): readonly SluiceEvent[] => {
  const own = nameOf(message);
  const others = recent(seen, message, limits).filter(({ by }) => by !== own);
  const known = new Set(others.flatMap(({ ids }) => ids));
  return events.filter((event) => {
    const id = idOf(event);
    const isNew = !known.has(id);
    known.add(id);
    return isNew;
  });
};

/**
 * @param events of the message, that were routed or filtered out; they need not be new
 * @returns the record with them; undefined when it has them all
 */
export const remember = (
  seen: Seen,
  message: Message,
  events: readonly SluiceEvent[],
  limits: SeenLimits,
): Seen | undefined => {
  const valid = recent(seen, message, limits);
  const known = new Set(valid.flatMap(({ ids }) => ids));
  const ids = [...new Set(events.map(idOf))].filter((id) => !known.has(id));
  if (ids.length === 0) return undefined;
  return newest([...valid, { by: nameOf(message), at: message.sentAt, ids }], limits.maxIds);
};

const newest = (seen: Seen, maxIds: number): Seen => {
  const kept: Brought[] = [];
  let room = maxIds;
  for (const { ids, ...brought } of [...seen].reverse()) {
    if (room === 0) break;
    const own = ids.slice(-room);
    room -= own.length;
    kept.push({ ...brought, ids: own });
  }
  return kept.reverse();
};

/**
 * A text for each message, of 16 bytes an id and 16 for the rest: a write costs by the kilobyte. 2,000 ids that came one by one,
 * the most there may be, are 66 KB; an item may have 400.
 */
export const encodeSeen = (seen: Seen): readonly string[] =>
  seen.map(({ by, at, ids }) => `${at.toString(36)}.${by}.${ids.join('')}`);

const ENCODED = /^([\da-z]{1,10})\.([\w-]{6})\.((?:[\w-]{16})+)$/;

/** @param stored what `encodeSeen` made; of anything else nothing is known, which costs duplicates at most */
export const decodeSeen = (stored: unknown): Seen =>
  (Array.isArray(stored) ? stored : []).flatMap((text: unknown): readonly Brought[] => {
    const [, at, by, ids] = (typeof text === 'string' ? ENCODED.exec(text) : null) ?? [];
    if (at === undefined || by === undefined || ids === undefined) return [];
    return [{ by, at: Number.parseInt(at, 36), ids: ids.match(/.{16}/g) ?? [] }];
  });
