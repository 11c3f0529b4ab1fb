/** What became of an event, from what the code of its action threw, or from the status that it gave each event of a batch. */
import { cut } from '../../../core/base/text.ts';
import type { Redact } from '../../../core/base/redaction.ts';
import type { Reply } from '../../http-client.ts';
import type { Verdict } from '../sender.ts';
import { judge } from '../webhook/answer.ts';
import { NoAnswer } from './fetch.ts';
import type { Result, Threw } from './protocol.ts';

/** Characters of an error. */
const MAX_MESSAGE = 1_000;
const MAX_STACK = 8_000;

/** Errors of the library that mean that the event, or what the mapping made of it, does not fit the action's fields. */
const INVALID = new Set(['AggregateAjvError', 'ValidationError']);
/** Its requests were given up. */
const OUT_OF_TIME = new Set(['ETIMEDOUT', 'REQUESTTIMEOUTERROR', 'REQUESTCLIENTERROR']);

interface Thrown {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
  readonly status?: unknown;
  readonly code?: unknown;
  /** Of an HTTP answer that was no success. */
  readonly response?: {
    readonly status?: unknown;
    readonly url?: unknown;
    readonly headers?: Headers;
    readonly content?: unknown;
  };
}

export interface Judging {
  readonly action: string;
  readonly redact: Redact;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const hostOf = (url: unknown): string =>
  typeof url === 'string' && URL.canParse(url) ? `${new URL(url).host} ` : '';

export const threw = (thrown: unknown, redact: Redact): Threw => {
  const { name, message, stack } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Thrown;
  return {
    kind: 'threw',
    name: textOf(name) === '' ? 'Error' : textOf(name),
    message: cut(redact(textOf(message) === '' ? String(thrown) : textOf(message)), MAX_MESSAGE),
    stack: cut(redact(textOf(stack)), MAX_STACK),
  };
};

/** @param said what came back, or its like @param who answered */
const judged = (said: Reply, who: string, { action, now }: Judging): Verdict => {
  const verdict = judge(said, now);
  if (verdict.kind === 'filtered') return verdict;
  // It was thrown: code that reads a success's body as a failure must not lose the event.
  if (verdict.kind === 'delivered') return { kind: 'retry', reason: `${action}: ${who}reported a failure` };
  return { ...verdict, reason: `${action}: ${who}${verdict.reason}` };
};

/** Of an error that names a status without an answer: nobody refused the event but the action itself. */
const byStatus = (status: number, message: string, judging: Judging): Verdict => {
  const verdict = judged({ kind: 'answer', status, headers: {}, body: '' }, '', judging);
  const reason = `${judging.action}: ${message} (${status})`;
  if (verdict.kind === 'delivered' || verdict.kind === 'filtered') return verdict;
  return { kind: verdict.kind, reason };
};

export const verdictOfThrown = (thrown: unknown, judging: Judging): Result => {
  const { action, redact } = judging;
  if (thrown instanceof NoAnswer) {
    const { reply } = thrown;
    const host = thrown.message.slice(0, thrown.message.indexOf(': '));
    return judged({ ...reply, reason: redact(reply.reason) }, `${host}: `, judging);
  }
  if (typeof thrown !== 'object' || thrown === null) return threw(thrown, redact);
  const error = thrown as Thrown;
  const message = cut(redact(textOf(error.message).replace(/\s+/g, ' ').trim()), MAX_MESSAGE);
  const { response, status, code } = error;
  if (typeof response?.status === 'number') {
    const header = (name: string): string | undefined => response.headers?.get(name) ?? undefined;
    const content = response.content ?? message;
    const body = redact(typeof content === 'string' ? content : JSON.stringify(content));
    const headers = { location: redact(header('location') ?? ''), 'retry-after': header('retry-after') };
    return judged({ kind: 'answer', status: response.status, headers, body }, hostOf(response.url), judging);
  }
  if (OUT_OF_TIME.has(textOf(code)) || error.name === 'AbortError')
    return { kind: 'retry', reason: `${action}: ${message}` };
  if (INVALID.has(textOf(error.name)))
    return { kind: 'rejected', reason: `${action}: ${message}`, unsent: true };
  if (typeof status === 'number') return byStatus(status, message, judging);
  // The library's own error for what cannot be sent, of an action that gave it no status.
  if (error.name === 'IntegrationError') return { kind: 'rejected', reason: `${action}: ${message}` };
  return threw(thrown, redact);
};

/** Of one event of a batch. */
export interface BatchStatus {
  readonly status?: unknown;
  readonly errormessage?: unknown;
  readonly body?: unknown;
}

export const verdictOfStatus = (one: BatchStatus | undefined, judging: Judging): Verdict => {
  const status = typeof one?.status === 'number' ? one.status : 500;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const said = [
    textOf(one?.errormessage),
    typeof one?.body === 'object' ? JSON.stringify(one.body) : textOf(one?.body),
  ];
  const body = judging.redact(said.filter((text) => text !== '' && text !== '{}').join(' '));
  return judged({ kind: 'answer', status, headers: {}, body }, '', judging);
};
