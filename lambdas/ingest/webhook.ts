/** Webhooks of other services: what they send, in a form of their own, becomes the properties of an event. */
import { decodeBody, decodeForm, listsByName, type Decoded } from './decode.ts';
import type { IngestRequest } from './request.ts';

const payloadOf = async ({ method, query, headers, body }: IngestRequest): Promise<Decoded> => {
  if (method === 'GET') {
    const pairs = [...query].flatMap(([name, values]) => values.map((value) => [name, value] as const));
    return { ok: true, value: listsByName(pairs.filter(([name]) => name !== 'writeKey')) };
  }
  const type = (headers.get('content-type') ?? '').toLowerCase();
  // Parts can be files, and an event is no place for one.
  if (type.includes('multipart/form-data')) return { ok: false, refusal: 'error during parsing multiform' };
  return type.includes('application/x-www-form-urlencoded') ? decodeForm(body) : decodeBody(body);
};

/**
 * JSON, a form or, for `GET`, the query. A bare `GET` is a connectivity check: no event.
 *
 * Nobody knows whose event it is, so each is of another user, as in RudderStack: webhooks have no order among them.
 * @throws only what is not the client's fault
 */
export const webhookEvents = async (request: IngestRequest, newId: () => string): Promise<Decoded> => {
  const payload = await payloadOf(request);
  if (!payload.ok) return payload;
  const { value } = payload;
  if (request.method === 'GET' && Object.keys(value as object).length === 0) return { ok: true, value: [] };
  const event = { type: 'track', event: 'webhook_source_event', properties: value, anonymousId: newId() };
  return { ok: true, value: [event] };
};
