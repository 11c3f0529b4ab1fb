/** A webhook: one request for up to `batch` events, and one answer for all of them. */
import type { TimingSettings, WebhookSettings } from '../../../../contract/settings.ts';
import type { Secrets } from '../../../aws/secrets.ts';
import type { Clock } from '../../../core/base/clock.ts';
import { redactor } from '../../../core/base/redaction.ts';
import { redacted, type HttpClient, type HttpRequest } from '../../http-client.ts';
import { roomForRequest } from '../../room.ts';
import { CLIENT_CERTIFICATE } from '../../transport-reason.ts';
import type { Sender, Verdict } from '../sender.ts';
import { judge } from './answer.ts';
import type { Tokens } from './oauth.ts';
import { buildRequest, secretNames, type Built, type WebhookConfig } from './request.ts';
import { fillUrl } from './url-template.ts';

export interface WebhookDeps {
  readonly destination: Pick<WebhookSettings, keyof WebhookConfig>;
  readonly timing: Pick<TimingSettings, 'requestTimeout'>;
  readonly send: HttpClient;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Not there: requests have no token. */
  readonly tokens?: Tokens | undefined;
}

const authorized = (request: HttpRequest, token: string): HttpRequest => ({
  ...request,
  headers: { ...request.headers, Authorization: `Bearer ${token}` },
});

/** A request has one URL. Events that have none, because they lack a value for it, stay apart from the others. */
const togetherBy = ({ url }: Pick<WebhookConfig, 'url'>): Pick<Sender, 'togetherBy'> =>
  typeof url === 'string' && url.includes('{')
    ? {
        togetherBy: ({ content }) => {
          const filled = fillUrl(url, content);
          return filled.kind === 'url' ? filled.url : '';
        },
      }
    : {};

export const webhookSender = (deps: WebhookDeps): Sender => {
  const { destination, timing, send, secrets, clock, tokens } = deps;
  const hasTime = (timeLeft: () => number): boolean => timeLeft() >= roomForRequest(timing);

  /** @returns undefined when there was no time to begin */
  const sendBuilt = async (
    { request, signatures }: Extract<Built, { kind: 'request' }>,
    timeLeft: () => number,
  ): Promise<Verdict | undefined> => {
    const token = await tokens?.get();
    if (token?.kind === 'failed') return token.verdict;
    // What it took to get a token is not lost: it is kept.
    if (!hasTime(timeLeft)) return undefined;
    const reply = await send(token === undefined ? request : authorized(request, token.token));
    const isLocked = reply.kind === 'answer' && (reply.status === 401 || reply.status === 403);
    const isTokenRefused = isLocked && reply.status === 401 && token !== undefined;
    if (isTokenRefused && tokens?.refused(token.token) === true && hasTime(timeLeft))
      return sendBuilt({ kind: 'request', request, signatures }, timeLeft);
    // The client certificate may have been rotated.
    const isRefusedByTls = reply.kind === 'transport' && reply.reason.includes(CLIENT_CERTIFICATE);
    if (isLocked || isRefusedByTls) secrets.expire();
    // Before anything of it is cut: half a secret would not be recognized.
    const ownSecrets = redactor([...signatures, ...(token === undefined ? [] : [token.token])]);
    return judge(
      redacted(reply, (text) => secrets.redact(ownSecrets(text))),
      clock(),
    );
  };

  return {
    batch: destination.batch,
    ...togetherBy(destination),
    send: async (events, timeLeft) => {
      const values = await secrets.read(secretNames(destination));
      if (!hasTime(timeLeft)) return undefined;
      const contents = events.map(({ content }) => content);
      const built = buildRequest(destination, events[0]?.sourceId ?? '', contents, values, clock());
      switch (built.kind) {
        case 'rejected':
          return { kind: 'whole', verdict: { ...built, unsent: true } };
        case 'misconfigured':
          secrets.expire();
          return { kind: 'whole', verdict: judge(built, clock()) };
        case 'request': {
          const verdict = await sendBuilt(built, timeLeft);
          return verdict && { kind: 'whole', verdict };
        }
      }
    },
  };
};
