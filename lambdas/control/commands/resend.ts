/** From the record of a rejected event to the messages that send it again. Pure. */
import type { OrderBy } from '../../../contract/settings.ts';
import { parse as parseJson } from '../../core/base/exact-json.ts';
import { fingerprint } from '../../core/event/deduplication-id.ts';
import { pack } from '../../core/event/envelope.ts';
import { isJsonObject, type SluiceEvent } from '../../core/event/event.ts';
import { admit } from '../../core/ingest/admit.ts';
import { orderKey, orderingId, userIds } from '../../core/event/order-key.ts';
import type { OutgoingMessage } from '../../core/base/messages.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { byteLength } from '../../core/base/text.ts';
import type { ControlDeps } from '../ports.ts';
import { refuse, type Found } from './answer.ts';

export interface Resend {
  /** Messages of one key each, to be sent one after another. */
  readonly lanes: readonly (readonly OutgoingMessage[])[];
  readonly events: number;
}

type Deps = Pick<ControlDeps, 'newId' | 'orderByOf'>;

/** Of a source that was removed, as if nothing had been configured. */
const orderByOf = (sourceId: string, deps: Deps): OrderBy => deps.orderByOf.get(sourceId) ?? 'auto';

/** @returns undefined for what is not JSON */
const parse = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
};

type Keyed = Found<{ readonly key: string; readonly event: SluiceEvent }>;

/** What goes to the router must be what ingest would have let through. */
const forRouter = (raw: unknown, record: Rejection, deps: Deps): Keyed => {
  const { sourceId, receivedAt } = record;
  const time = Date.parse(receivedAt);
  const orderBy = orderByOf(sourceId, deps);
  const admission = admit(raw, { sourceId, orderBy, receivedAt: time, requestIp: '', newId: deps.newId });
  if (!admission.ok) return refuse(`id: the event cannot be sent again: ${admission.reason}`);
  return { ok: true, value: { key: record.key ?? admission.key, event: admission.stamped } };
};

/**
 * A transform may have taken the ids off that name the user. Such an event has an order of its own: it is late for any
 * other in any case.
 */
const forDestination = (raw: unknown, record: Rejection, deps: Deps): Keyed => {
  if (!isJsonObject(raw) || typeof raw['messageId'] !== 'string') {
    return refuse(
      'id: the record holds no event, but what could not be read as one; it cannot be sent again',
    );
  }
  const event: SluiceEvent = { ...raw, messageId: raw['messageId'] };
  const ids = userIds(event) ?? { userId: '', anonymousId: event.messageId };
  const by = orderingId(event, orderByOf(record.sourceId, deps));
  return { ok: true, value: { key: record.key ?? orderKey(record.sourceId, ids, by), event } };
};

/**
 * The deduplication ids say that it is a replay, of which record: SQS must not take it for the event's first sending, but
 * for a repetition of this one. The envelope says so to the router, which may have seen the event before it was rejected.
 */
export const resend = (record: Rejection, target: 'router' | 'destination', deps: Deps): Found<Resend> => {
  const { body, size, sourceId, receivedAt, id, stage, transformed, masked } = record;
  if (record.newer !== undefined) return refuse(`id: ${record.reason}`);
  if (byteLength(body) < size) {
    return refuse(
      `id: of the event's ${size} bytes only the first ${byteLength(body)} were kept, so it cannot be sent again`,
    );
  }
  const content = parse(body);
  const events: readonly unknown[] = (record.count ?? 1) > 1 && Array.isArray(content) ? content : [content];
  const byKey = new Map<string, SluiceEvent[]>();
  for (const raw of events) {
    const keyed = target === 'router' ? forRouter(raw, record, deps) : forDestination(raw, record, deps);
    // All or none: the record cannot be kept for some of its events.
    if (!keyed.ok) return keyed;
    const { key, event } = keyed.value;
    byKey.set(key, [...(byKey.get(key) ?? []), event]);
  }
  const header = {
    sourceId,
    receivedAt,
    ...(transformed === true ? { transformed } : {}),
    ...(masked === true ? { masked } : {}),
    ...(target === 'router' ? { replay: true } : {}),
  };
  const lanes = [...byKey].map(([key, own]) =>
    pack(header, own).map((part, i) => ({
      groupId: key,
      deduplicationId: fingerprint(['replay', stage, receivedAt, id, key, i]),
      body: part.body,
    })),
  );
  return { ok: true, value: { lanes, events: events.length } };
};
