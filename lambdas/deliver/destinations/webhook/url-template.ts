/**
 * Values of an event in a destination's URL. Each is encoded, so that it stays in its place: an event comes from anybody who has the write
 * key, and must not choose where the pipeline sends requests. The configuration lets no place stand in the host.
 */
import { PLACE } from '../../../../contract/url-template.ts';
import { ExactNumber } from '../../../core/base/exact-json.ts';
import { isJsonObject, type Json, type SluiceEvent } from '../../../core/event/event.ts';

export type Filled =
  | { readonly kind: 'url'; readonly url: string }
  /** The event has not what it needs. */
  | { readonly kind: 'rejected'; readonly reason: string };

/** What a URL leaves out of its path, or goes up by. */
const DOTS = /^(?:\.|%2e){1,2}$/i;

const valueAt = (event: SluiceEvent, path: string): Json | undefined =>
  path.split('.').reduce<Json | undefined>((value, name) => {
    if (value === undefined || !isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    return value[name];
  }, event);

class Unfilled extends Error {}

const textAt = (event: SluiceEvent, path: string): string => {
  const value = valueAt(event, path) ?? '';
  if (value === '')
    throw new Unfilled(`the event has no "${path}", which url needs; send it, or add it in a transform`);
  if (value instanceof ExactNumber) return value.text;
  if (typeof value === 'object')
    throw new Unfilled(`"${path}" of the event is neither a text nor a number, which url needs`);
  return String(value);
};

const encoded = (event: SluiceEvent, path: string): string => {
  const text = textAt(event, path);
  try {
    return encodeURIComponent(text);
  } catch {
    throw new Unfilled(`"${path}" of the event is not a text that a URL can hold`);
  }
};

const pathsIn = (segment: string): readonly string[] =>
  [...segment.matchAll(PLACE)].map(([, path = '']) => path);

const segmentOf = (event: SluiceEvent, segment: string): string => {
  const filled = segment.replaceAll(PLACE, (_, path: string) => encoded(event, path));
  if (filled === segment || !DOTS.test(filled)) return filled;
  const names = pathsIn(segment).map((path) => `"${path}"`);
  throw new Unfilled(
    `${names.join(' with ')} of the event is ${JSON.stringify(filled)}, which would lead to another path of url`,
  );
};

export const fillUrl = (template: string, event: SluiceEvent): Filled => {
  if (!template.includes('{')) return { kind: 'url', url: template };
  try {
    // Slashes of a query separate nothing, and dots between them lead nowhere: it does no harm to look at them too.
    const url = template
      .split('/')
      .map((segment) => segmentOf(event, segment))
      .join('/');
    return { kind: 'url', url };
  } catch (error) {
    if (error instanceof Unfilled) return { kind: 'rejected', reason: error.message };
    throw error;
  }
};
