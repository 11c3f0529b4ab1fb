/** Pixels: an event in the query of a picture's address, for mails and pages in which no script runs. */
import type { Json } from '../core/event/event.ts';
import type { Query } from './request.ts';
import type { Answer } from './response.ts';

/** One transparent point. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** An object without a prototype: whatever a query calls its fields, they are data. */
type Fields = Record<string, Json>;
const noFields = (): Fields => Object.create(null) as Fields;

const isFields = (value: Json | undefined): value is Fields => typeof value === 'object' && value !== null;

/** `properties.plan=free` is a field of a field. Of `a=1&a.b=2` the later one counts. */
const setField = (event: Fields, name: string, value: string): void => {
  const path = name.split('.');
  const last = path.pop() ?? '';
  let at = event;
  for (const step of path) {
    const inner = at[step];
    const next = isFields(inner) ? inner : noFields();
    at[step] = next;
    at = next;
  }
  at[last] = value;
};

/** Some templates put the id in quotes. */
const unquoted = (name: string, value: string): string =>
  name === 'anonymousId' ? value.replace(/^"(.*)"$/s, '$1') : value;

/**
 * As RudderStack reads a pixel's query. All values are text; of a repeated name the first one counts.
 * @param now ISO 8601
 * @returns undefined when the event's name is there and empty
 */
export const pixelEvent = (query: Query, type: 'page' | 'track', now: string): Fields | undefined => {
  const event = noFields();
  Object.assign(event, { channel: 'web', integrations: { All: true }, originalTimestamp: now, sentAt: now });
  for (const [name, [value = '']] of query) {
    if (name !== 'writeKey') setField(event, name, unquoted(name, value));
  }
  event['type'] = type;
  if (type === 'track' && event['event'] === '') return undefined;
  if (type === 'page' && event['name'] === '') event['name'] = 'Unknown Page';
  return event;
};

/** Whatever became of the event, who asked for a picture gets one. The status, and a header, say what became of it. */
export const asPixel = ({ status, body, headers = {} }: Answer): Answer => {
  const retryAfter = headers['Retry-After'];
  return {
    status,
    body: GIF,
    headers: {
      'Content-Type': 'image/gif',
      'Cache-Control': 'no-store',
      'X-Sluice-Answer': body.toString().trim(),
      ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }),
    },
  };
};
