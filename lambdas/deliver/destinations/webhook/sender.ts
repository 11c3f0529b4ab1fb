/** A webhook: one request for up to `batch` events, and one answer for all of them. */
import type { TimingSettings, WebhookSettings } from '../../../../contract/settings.ts';
import type { Secrets } from '../../../aws/secrets.ts';
import type { Clock } from '../../../core/base/clock.ts';
import { redactor } from '../../../core/base/redaction.ts';
import { redacted, type HttpClient } from '../../http-client.ts';
import { roomForRequest } from '../../room.ts';
import type { Sender } from '../sender.ts';
import { judge } from './answer.ts';
import { buildRequest, secretNames, type WebhookConfig } from './request.ts';
import { fillUrl } from './url-template.ts';

export interface WebhookDeps {
  readonly destination: Pick<WebhookSettings, keyof WebhookConfig>;
  readonly timing: Pick<TimingSettings, 'requestTimeout'>;
  readonly send: HttpClient;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

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

export const webhookSender = ({ destination, timing, send, secrets, clock }: WebhookDeps): Sender => ({
  batch: destination.batch,
  ...togetherBy(destination),
  send: async (events, timeLeft) => {
    const values = await secrets.read(secretNames(destination));
    if (timeLeft() < roomForRequest(timing)) return undefined;
    const contents = events.map(({ content }) => content);
    const built = buildRequest(destination, events[0]?.sourceId ?? '', contents, values, clock());
    if (built.kind === 'rejected') return { kind: 'whole', verdict: { ...built, unsent: true } };
    const reply = built.kind === 'request' ? await send(built.request) : built;
    const isLocked = reply.kind === 'answer' && (reply.status === 401 || reply.status === 403);
    if (isLocked || built.kind === 'misconfigured') secrets.expire();
    if (built.kind !== 'request') return { kind: 'whole', verdict: judge(reply, clock()) };
    // Before anything of it is cut: half a secret would not be recognized.
    const ownSecrets = redactor(built.signatures);
    const cleaned = redacted(reply, (text) => secrets.redact(ownSecrets(text)));
    return { kind: 'whole', verdict: judge(cleaned, clock()) };
  },
});
