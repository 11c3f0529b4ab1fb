/** What a webhook's reply means for the events that were sent. */
import { cut } from '../../../core/base/text.ts';
import type { Reply } from '../../http-client.ts';
import type { Verdict } from '../sender.ts';

const RETRYABLE = new Set([408, 425, 429]);
/**
 * About the address, the credentials or the account rather than about the event. 421 and 426: the connection; 423: what it
 * would change is locked. 495, 496: the client certificate, in nginx's words.
 */
const CLOSED = new Set([401, 402, 403, 404, 407, 410, 421, 423, 426, 495, 496]);

/** By which nginx answers 400 where the client certificate is missing, or is not accepted: it is not about the event. */
const CERTIFICATE_PAGE =
  /<title>400 (No required SSL certificate was sent|The SSL certificate error)<\/title>/;

/** What they ask to wait is of the destination, and not of the event: too many requests, unavailable. */
const OVERLOADED = new Set([429, 503]);

/** Bytes of an answer's body that are kept with a rejected event. */
const KEPT_ANSWER_BYTES = 4096;
/** Characters of it that go into a reason. */
const SHOWN_ANSWER = 200;

/**
 * Milliseconds to wait by a `Retry-After` header, which holds seconds or an HTTP date.
 * @returns undefined when there is none, or none that can be read
 */
export const readRetryAfter = (value: string | undefined, now: number): number | undefined => {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // `Date.parse` reads almost anything as a date; an HTTP date ends in GMT.
  const at = text.endsWith(' GMT') ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
};

/** @param now milliseconds since 1970, for a `Retry-After` that is a date */
export const judge = (reply: Reply, now: number): Verdict => {
  if (reply.kind === 'transport') return { kind: 'retry', reason: reply.reason };
  if (reply.kind === 'misconfigured') return { kind: 'closed', reason: reply.reason };
  const { status, headers, body } = reply;
  if (status >= 200 && status < 300) return { kind: 'delivered' };

  const moved = status >= 300 && status < 400;
  const to = moved && headers.location !== undefined ? ` (moved to ${cut(headers.location, 200)})` : '';
  const said = body.replace(/\s+/g, ' ').trim().slice(0, SHOWN_ANSWER);
  const reason = `answered ${status}${to}${said === '' ? '' : `: ${said}`}`;
  const retryAfter = readRetryAfter(headers['retry-after'], now);
  const wait = retryAfter === undefined ? {} : { retryAfter };
  const answer = { status, body: cut(body, KEPT_ANSWER_BYTES) };

  const isOfCertificate = status === 400 && CERTIFICATE_PAGE.test(body);
  if (moved || isOfCertificate || CLOSED.has(status)) return { kind: 'closed', reason, answer, ...wait };
  const refused = status >= 400 && status < 500 && !RETRYABLE.has(status);
  // What HTTP does not define (1xx as a final answer, 600 and more) is no verdict on the event.
  if (refused) return { kind: 'rejected', reason, answer };
  const pause = retryAfter !== undefined && OVERLOADED.has(status) ? { pause: retryAfter } : {};
  return { kind: 'retry', reason, ...wait, ...pause };
};
