/** Takes a user's events out of the messages of one parked key: under the key's lease, as `discard` does it. */
import { parseEnvelope, toMessageBody } from '../../core/event/envelope.ts';
import { isOf, withoutSubject, type Subject } from '../../core/event/subject.ts';
import type { Head, ParkedMessage } from '../../core/stage/parking-port.ts';
import type { ControlDeps } from '../ports.ts';
import { withoutEvents } from './discarded-message.ts';
import { borrowKey } from './lease.ts';
import { settleKey } from './settle-key.ts';

/** Messages that are read at the same time; each has up to 256 KB. */
const STEP = 10;

export interface ErasedKey {
  readonly events: number;
  /** A function has the key at this moment: nothing was erased. */
  readonly isBusy: boolean;
  /** There was no time for what is behind this place. */
  readonly after?: string;
}

interface Erased {
  readonly events: number;
  /** Undefined: nothing of it is left to do. */
  readonly left: ParkedMessage | undefined;
}

/** @returns undefined: nothing of the message is the user's */
export const withoutUser = (message: ParkedMessage, subject: Subject): Erased | undefined => {
  const envelope = parseEnvelope(message.body);
  if (envelope?.sourceId !== subject.sourceId) return undefined;
  if (envelope.kind === 'events') {
    const indexes = envelope.events.flatMap((event, index) => (isOf(event, subject) ? [index] : []));
    if (indexes.length === 0) return undefined;
    return { events: indexes.length, left: withoutEvents(message, envelope, indexes) };
  }
  // What ingest rejected, on its way to the records.
  const record = { id: message.id, stage: '', at: 0, ...envelope };
  const left = withoutSubject(record, subject);
  if (left.kind === 'all') return undefined;
  if (left.kind === 'nothing') return { events: left.erased, left: undefined };
  const { body, size, sha256, count } = left.rejection;
  const { v, kind, sourceId, receivedAt, reason } = envelope;
  const more = count === undefined ? {} : { count };
  const rejected = { v, kind, sourceId, receivedAt, reason, body, size, sha256, ...more };
  return { events: left.erased, left: { ...message, body: toMessageBody(rejected) } };
};

/** @throws InfraFault; what was erased by then is */
export const eraseKey = async (
  deps: ControlDeps,
  { stage, key }: { readonly stage: string; readonly key: string },
  subject: Subject,
  {
    dryRun,
    after: first,
    margin,
  }: { readonly dryRun: boolean; readonly after: string | undefined; readonly margin: number },
): Promise<ErasedKey> => {
  const { parking } = deps;
  let lease: { readonly head: Head; readonly owner: string } | undefined;
  let events = 0;
  let isOldest = false;
  let after = first;
  for (;;) {
    let messages = await parking.oldest(stage, key, STEP, after);
    if (!dryRun && lease === undefined && messages.some((message) => withoutUser(message, subject))) {
      const head = await parking.readHead(stage, key);
      const owner = head && (await borrowKey(deps, stage, head));
      if (head === undefined || owner === undefined) return { events, isBusy: head !== undefined };
      lease = { head, owner };
      // A drain may have worked on them until the lease was taken.
      messages = await parking.oldest(stage, key, STEP, after);
    }
    for (const message of messages) {
      const erased = withoutUser(message, subject);
      if (erased === undefined) continue;
      events += erased.events;
      if (dryRun) continue;
      isOldest ||= after === undefined && message === messages[0];
      if (erased.left === undefined) await parking.deleteMessage(stage, key, message.sort);
      else await parking.saveMessage(stage, erased.left);
    }
    const isLast = messages.length < STEP;
    if (!isLast) after = messages.at(-1)?.sort;
    if (isLast || deps.timeLeft() < margin) {
      if (lease !== undefined) await settleKey(deps, stage, lease.head, lease.owner, isOldest);
      return { events, isBusy: false, ...(isLast || after === undefined ? {} : { after }) };
    }
  }
};
