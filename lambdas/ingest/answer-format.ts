/**
 * In which form an SDK gets its answer. RudderStack's SDKs look at the status, and a few search a refusal's text, so they
 * get RudderStack's text. Segment's Java and Ruby SDKs parse every answer as JSON, and what is no JSON counts as a failed
 * request: they send its events again, and at last report them as lost.
 *
 * Both name themselves in their `User-Agent`, whatever path they are configured with; and their own path, `/v1/import`,
 * is no other SDK's, whatever `User-Agent` an application sets.
 */
import type { Answer } from './response.ts';

/** RudderStack's Java SDK has the same name. It does not look at the body. */
const PARSES = /^analytics-(?:java|ruby)\//i;
const PATH = '/v1/import';

export interface Asker {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
}

export const readsJson = ({ method, path, headers }: Asker): boolean =>
  method === 'POST' && (path === PATH || PARSES.test(headers.get('user-agent') ?? ''));

/**
 * Java's SDK reads `success`, Ruby's `error`; `code` and `message` are what Segment's other SDKs look for in a refusal.
 * @param answer a short text
 */
export const asJson = ({ status, body, headers }: Answer): Answer => {
  const text = body.toString().trim();
  const content =
    status === 200 ? { success: true } : { success: false, error: text, code: status, message: text };
  return {
    status,
    body: JSON.stringify(content),
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
  };
};
