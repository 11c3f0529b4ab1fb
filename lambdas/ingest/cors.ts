/** Cross-origin rules: without them on every answer, errors included, a browser hides the answer from its SDK. */
import { CORS_HEADERS } from '../../contract/cors.ts';
import type { Answer } from './response.ts';

const KNOWN = new Set(CORS_HEADERS.map((name) => name.toLowerCase()));

/**
 * Seconds; as much as Chromium heeds. RudderStack says 900. A preflight costs as much as a request, and a page whose last
 * one is forgotten cannot even read the configuration that its browser has kept.
 */
const MAX_AGE = 7200;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const PRINTABLE = /^[\x21-\x7e]+$/;

/** For every answer. Any page may send: it is the write key that lets an event in. */
export const corsHeaders = (origin: string | undefined): Record<string, string> =>
  origin !== undefined && PRINTABLE.test(origin)
    ? {
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': 'Retry-After',
        Vary: 'Origin',
      }
    : { 'Access-Control-Allow-Origin': '*' };

/**
 * Names that the page asks for are allowed as well, as RudderStack does: monitoring tools add tracing headers to every
 * request of a page.
 */
export const preflight = (headers: ReadonlyMap<string, string>): Answer => {
  const asked = (headers.get('access-control-request-headers') ?? '').split(',').map((name) => name.trim());
  const further = asked.filter((name) => HEADER_NAME.test(name) && !KNOWN.has(name.toLowerCase()));
  return {
    status: 204,
    body: '',
    headers: {
      'Access-Control-Allow-Methods': 'GET, POST, HEAD, OPTIONS',
      'Access-Control-Allow-Headers': [...CORS_HEADERS, ...further].join(', '),
      'Access-Control-Max-Age': String(MAX_AGE),
    },
  };
};
