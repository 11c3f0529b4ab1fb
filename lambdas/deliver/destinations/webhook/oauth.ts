/**
 * Tokens of OAuth 2 by client credentials (RFC 6749, 4.4), kept for the life of the environment.
 *
 * A token is refreshed before it expires, and when the destination refuses it, so that one that was revoked costs no failure. While it
 * cannot be refreshed it is used as long as it is valid. A token endpoint that refuses the client is a closed door, as a destination
 * is that answers 401; any other failure of it is retried.
 */
import type { OAuthSettings } from '../../../../contract/settings.ts';
import type { Secrets } from '../../../aws/secrets.ts';
import type { Clock } from '../../../core/base/clock.ts';
import { redactor } from '../../../core/base/redaction.ts';
import { redacted, type HttpClient, type HttpRequest, type Reply } from '../../http-client.ts';
import type { Verdict } from '../sender.ts';
import { judge } from './answer.ts';

export type Token =
  | { readonly kind: 'token'; readonly token: string }
  /** What that means for the events that were to be sent. */
  | { readonly kind: 'failed'; readonly verdict: Verdict };

export interface Tokens {
  /** @throws InfraFault where AWS does not give the client's secret */
  readonly get: () => Promise<Token>;
  /** The destination refused it. @returns whether another is worth asking for: this one was not fetched a moment ago */
  readonly refused: (token: string) => boolean;
}

export interface OAuthDeps {
  readonly auth: OAuthSettings;
  readonly send: HttpClient;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

/** The least time between two requests for a token, however many events want one; milliseconds. */
const MIN_INTERVAL = 10_000;
/** A token is refreshed by so much before its end, or by a quarter of its life if that is less; milliseconds. */
const BEFORE_END = 60_000;

interface Kept {
  readonly token: string;
  readonly askedAt: number;
  readonly refreshAt: number;
  readonly expiresAt: number;
}

const nameOr = (value: string | { readonly secretName: string }): readonly string[] =>
  typeof value === 'object' ? [value.secretName] : [];

/** As `application/x-www-form-urlencoded` has it. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

const requestFor = (auth: OAuthSettings, clientId: string, clientSecret: string): HttpRequest => {
  const { tokenUrl, scope, audience, clientAuth } = auth;
  const credentials = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
  const form = {
    grant_type: 'client_credentials',
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
    ...(clientAuth === 'body' && { client_id: clientId, client_secret: clientSecret }),
  };
  return {
    url: tokenUrl,
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Accept: 'application/json',
      ...(clientAuth === 'header' && {
        Authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      }),
    },
    body: new URLSearchParams(form).toString(),
  };
};

const parsed = (text: string): Readonly<Record<string, unknown>> => {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
};

/** @returns the token, or why there is none */
const read = (body: string, now: number): Kept | string => {
  const { access_token: token, token_type: type = 'bearer', expires_in: seconds } = parsed(body);
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    return 'answered 200 without an access_token';
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    return `answered 200 with a token of type ${JSON.stringify(type)}, and not "bearer"`;
  // Some write the number as a text. What is none says nothing, as if it was left out: it is used until it is refused.
  const life = Number(seconds ?? NaN) * 1000;
  const expiresAt = Number.isNaN(life) ? Infinity : now + life;
  const refreshAt = Number.isNaN(life) ? Infinity : expiresAt - Math.min(BEFORE_END, life / 4);
  return { token, askedAt: now, refreshAt, expiresAt };
};

/** Of a reply without a token. */
const failureOf = (reply: Reply, tokenUrl: string, now: number): Verdict => {
  const verdict = judge(reply, now);
  const said = 'reason' in verdict ? verdict.reason : '';
  const reason = `no token: ${tokenUrl}${reply.kind === 'answer' ? ' ' : ': '}${said}`;
  if (verdict.kind !== 'retry') return { kind: 'closed', reason };
  const { retryAfter } = verdict;
  return { kind: 'retry', reason, ...(retryAfter !== undefined && { retryAfter }) };
};

export const tokenSource = ({ auth, send, secrets, clock }: OAuthDeps): Tokens => {
  let kept: Kept | undefined;
  let failed: { readonly at: number; readonly verdict: Verdict } | undefined;
  let pending: Promise<Token> | undefined;

  /** What events get while there is no new one: the old one, as long as it is valid. */
  const instead = (verdict: Verdict): Token =>
    kept !== undefined && clock() < kept.expiresAt
      ? { kind: 'token', token: kept.token }
      : { kind: 'failed', verdict };
  const failWith = (verdict: Verdict): Token => {
    failed = { at: clock(), verdict };
    return instead(verdict);
  };

  const ask = async (): Promise<Token> => {
    const { clientId, clientSecret, tokenUrl } = auth;
    const values = await secrets.read([...nameOr(clientId), clientSecret.secretName]);
    const id = typeof clientId === 'string' ? clientId : (values.get(clientId.secretName) ?? '');
    const request = requestFor(auth, id, values.get(clientSecret.secretName) ?? '');
    const own = redactor([request.headers['Authorization'] ?? '']);
    const reply = await send(request);
    const isRefused = reply.kind === 'answer' && [400, 401, 403].includes(reply.status);
    if (isRefused) secrets.expire();
    const isGiven = reply.kind === 'answer' && reply.status >= 200 && reply.status < 300;
    if (!isGiven)
      return failWith(
        failureOf(
          redacted(reply, (text) => secrets.redact(own(text))),
          tokenUrl,
          clock(),
        ),
      );
    const token = read(reply.body, clock());
    if (typeof token === 'string')
      return failWith({ kind: 'closed', reason: `no token: ${tokenUrl} ${token}` });
    kept = token;
    failed = undefined;
    return { kind: 'token', token: token.token };
  };

  return {
    get: () => {
      const now = clock();
      if (kept !== undefined && now < kept.refreshAt)
        return Promise.resolve({ kind: 'token', token: kept.token });
      if (failed !== undefined && now - failed.at < MIN_INTERVAL)
        return Promise.resolve(instead(failed.verdict));
      // Users' events are sent at the same time: they share one request.
      pending ??= ask().finally(() => {
        pending = undefined;
      });
      return pending;
    },
    refused: (token) => {
      if (kept?.token !== token) return true;
      if (clock() - kept.askedAt < MIN_INTERVAL) return false;
      kept = undefined;
      return true;
    },
  };
};
