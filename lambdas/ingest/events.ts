/** From a request to the events in it, each as it was sent. */
import { InfraFault } from '../core/base/faults.ts';
import { isJsonObject } from '../core/event/event.ts';
import { decodeBody } from './decode.ts';
import { pixelEvent } from './pixel.ts';
import type { IngestRequest } from './request.ts';
import type { Refusal } from './response.ts';
import type { EventRoute } from './routes.ts';
import { salvageBatch, salvageKey } from './salvage.ts';
import { takeKey } from './write-key.ts';
import { webhookEvents } from './webhook.ts';

export type Read =
  | {
      readonly ok: true;
      readonly events: readonly unknown[];
      /** The write key that the body carried. */
      readonly key?: string;
      /** The body, where it is not JSON and its events were read one by one. */
      readonly text?: string;
    }
  | {
      readonly ok: false;
      readonly refusal: Refusal;
      readonly key?: string;
      /** The body, where it is not JSON. */
      readonly text?: string;
    };

/**
 * As RudderStack reads `batch`: what is not a list is a list of one; the body's other fields are not read. Segment's SDK in browsers
 * writes its key into each event.
 */
const batchOf = (body: unknown): readonly unknown[] => {
  const batch: unknown = isJsonObject(body) && Object.hasOwn(body, 'batch') ? body['batch'] : undefined;
  if (batch === undefined || batch === null) return [];
  return withoutKeys(Array.isArray(batch) ? batch : [batch]);
};

const withoutKeys = (events: readonly unknown[]): readonly unknown[] =>
  events.map((event) => takeKey(event)?.rest ?? event);

/** One bad token must not take the good events of a batch down. */
const readBroken = (text: string, kind: 'event' | 'batch'): Read => {
  const events = kind === 'batch' ? salvageBatch(text) : undefined;
  const key = salvageKey(text);
  const rest = { text, ...(key === undefined ? {} : { key }) };
  return events === undefined || events.length === 0
    ? { ok: false, refusal: 'invalid json', ...rest }
    : { ok: true, events: withoutKeys(events), ...rest };
};

const readJson = async (request: IngestRequest, kind: 'event' | 'batch'): Promise<Read> => {
  const decoded = await decodeBody(request.body);
  if (!decoded.ok) return decoded.text === undefined ? decoded : readBroken(decoded.text, kind);
  const taken = takeKey(decoded.value);
  const body = taken?.rest ?? decoded.value;
  const events = kind === 'event' ? [body] : batchOf(body);
  return { ok: true, events, ...(taken === undefined ? {} : { key: taken.key }) };
};

/** @throws what is not the client's fault */
export const readEvents = async (
  request: IngestRequest,
  route: EventRoute,
  { now, newId }: { readonly now: number; readonly newId: () => string },
): Promise<Read> => {
  // An answer of 400 would make SDKs throw away good events because our gateway is set up wrongly.
  if (request.mangled) {
    throw new InfraFault("API Gateway damaged a gzip body: the REST API's binaryMediaTypes must be */*");
  }
  switch (route.kind) {
    case 'event':
    case 'batch':
      return readJson(request, route.kind);
    case 'pixel': {
      const event = pixelEvent(request.query, route.type, new Date(now).toISOString());
      return event === undefined
        ? { ok: false, refusal: 'event is not a valid rudder event' }
        : { ok: true, events: [event] };
    }
    case 'webhook': {
      const read = await webhookEvents(request, newId);
      return read.ok ? { ok: true, events: read.value as readonly unknown[] } : read;
    }
  }
};
