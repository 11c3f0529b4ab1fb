/** Whose request it is: the write key that it carries, and the source that has it. */
import type { SourceSettings } from '../../contract/settings.ts';
import { isJsonObject, type JsonObject } from '../core/event/event.ts';
import { basicAuthUser, type IngestRequest } from './request.ts';
import type { Refusal } from './response.ts';
import type { KeyPlaces } from './routes.ts';

export type SourceOf = ReadonlyMap<string, SourceSettings>;

export const keysToSources = (sources: readonly SourceSettings[]): SourceOf =>
  new Map(sources.flatMap((source) => source.writeKeys.map((key) => [key, source] as const)));

/** The write key that a request carries outside its body. */
export const presentedKey = ({ headers, query }: IngestRequest, places: KeyPlaces): string | undefined => {
  const inHeader = basicAuthUser(headers.get('authorization'));
  const [first] = query.get('writeKey') ?? [];
  const inQuery = first === '' ? undefined : first;
  switch (places) {
    case 'header, body':
      return inHeader;
    case 'header, query':
      return inHeader ?? inQuery;
    case 'query, header':
      return inQuery ?? inHeader;
  }
};

const KEY = 'writeKey';

/** The write key in a body, and the body without it: it is no part of the event, and no destination's business. */
export const takeKey = (body: unknown): { readonly key: string; readonly rest: JsonObject } | undefined => {
  if (!isJsonObject(body) || !Object.hasOwn(body, KEY)) return undefined;
  const { [KEY]: key, ...rest } = body;
  return typeof key === 'string' ? { key, rest } : undefined;
};

export type Authenticated =
  | { readonly ok: true; readonly key: string; readonly source: SourceSettings }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * A 401 is final: the newer mobile SDKs delete all they have stored. So it is for keys that are surely wrong only, which
 * is known without a lookup: the keys came with the deployment.
 */
export const authenticate = (
  key: string | undefined,
  places: KeyPlaces,
  sourceOf: SourceOf,
): Authenticated => {
  if (key === undefined) {
    const isQuery = places === 'query, header';
    return {
      ok: false,
      refusal: isQuery ? 'failed to read writekey from query params' : 'failed to read writekey from header',
    };
  }
  const source = sourceOf.get(key);
  return source === undefined ? { ok: false, refusal: 'invalid write key' } : { ok: true, key, source };
};
