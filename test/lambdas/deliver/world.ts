/** A destination, its stores and its clock, for tests of `deliverer`. */
import type { WebhookSettings } from '../../../contract/settings.ts';
import { toMessageBody, type Envelope } from '../../../lambdas/core/event/envelope.ts';
import type { Json, JsonObject, SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { Attempt, Progress } from '../../../lambdas/core/stage/ports.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { NOTHING_TO_REDACT } from '../../../lambdas/core/base/redaction.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { nameOf } from '../../../lambdas/core/event/outputs.ts';
import { PASS_THROUGH } from '../../../lambdas/core/event/transform.ts';
import { deliverer, type DeliverDeps } from '../../../lambdas/deliver/deliver.ts';
import type { Sender } from '../../../lambdas/deliver/destinations/sender.ts';
import { webhookSender, type WebhookDeps } from '../../../lambdas/deliver/destinations/webhook/sender.ts';
import type { HttpClient, HttpRequest, Reply } from '../../../lambdas/deliver/http-client.ts';
import { plainTransforms, type PlainOptions, type PlainTransform } from '../../support/plain-transforms.ts';

export const NOW = Date.parse('2026-11-22T12:00:00Z');
export const MINUTE = 60_000;

export const event = (messageId: string, more: JsonObject = {}): SluiceEvent => ({
  messageId,
  userId: 'u',
  ...more,
});

export const [a, b, c, d, e] = [event('a'), event('b'), event('c'), event('d'), event('e')];

export const message = (
  events: readonly SluiceEvent[],
  envelope: Partial<Envelope> = {},
): IncomingMessage => ({
  id: 'sqs-1',
  receiptHandle: 'handle',
  body: toMessageBody({
    v: 1,
    kind: 'events',
    sourceId: 'web',
    receivedAt: '2026-11-22T11:59:00.000Z',
    events,
    ...envelope,
  } as Envelope),
  groupId: 'g',
  sequenceNumber: '1',
  receiveCount: 1,
  sentAt: NOW - MINUTE,
});

export const answer = (status: number, body = '', headers: Record<string, string> = {}): Reply => ({
  kind: 'answer',
  status,
  headers,
  body,
});

const destination: WebhookSettings = {
  id: 'crm',
  type: 'webhook',
  url: 'https://receiver.example/hook',
  headers: {},
  batch: 1,
  maxConcurrency: 10,
  allowPrivateNetwork: false,
  enabled: true,
};

export const readBody = ({ body }: HttpRequest): Json => JSON.parse(body) as Json;
/** Ids of the events in a request, of one event or of a batch. */
export const idsIn = (request: HttpRequest): string[] =>
  [JSON.parse(request.body) as SluiceEvent | SluiceEvent[]].flat().map(({ messageId }) => messageId);

export interface Setting {
  readonly destination?: Partial<WebhookSettings>;
  readonly transform?: PlainTransform;
  /** How long the transform takes: the world's `timeLeft` runs down with it. */
  readonly timing?: Pick<PlainOptions, 'timeout' | 'takes' | 'limit'>;
  /** The destination's answer to its n-th request. Default: always 200. */
  readonly reply?: (request: HttpRequest, n: number) => Reply;
  readonly webhook?: Partial<WebhookDeps>;
  readonly deps?: Partial<DeliverDeps>;
}

export class World {
  now = NOW;
  timeLeft = 60_000;
  isTrial = false;
  inOwnTrouble = false;
  /** Number of coming rejections that cannot be stored. */
  storeFailures = 0;
  /** How often the secrets were given up as refused. */
  expired = 0;
  readonly requests: HttpRequest[] = [];
  readonly rejected: Rejection[] = [];
  readonly counted: Record<string, number> = {};
  /** What was delivered (`+id`) and what was rejected (`-id`), in the order in which it happened. */
  readonly settled: string[] = [];
  readonly sender: Sender;
  readonly process: ReturnType<typeof deliverer>;

  constructor(setting: Setting = {}) {
    const reply = setting.reply ?? (() => answer(200));
    const elapse = (milliseconds: number) => {
      this.timeLeft -= milliseconds;
    };
    const options = { ...setting.timing, elapse };
    const send: HttpClient = (request) => {
      const said = reply(request, this.requests.push(request));
      if (said.kind === 'answer' && said.status >= 200 && said.status < 300)
        this.settled.push(...idsIn(request).map((id) => `+${id}`));
      return Promise.resolve(said);
    };
    this.sender = webhookSender({
      destination: { ...destination, ...setting.destination },
      timing: { requestTimeout: 10_000 },
      send,
      secrets: {
        read: (names) => Promise.resolve(new Map(names.map((name) => [name, `value of <${name}>`]))),
        expire: () => {
          this.expired += 1;
        },
        redact: NOTHING_TO_REDACT,
      },
      clock: () => this.now,
      ...setting.webhook,
    });
    this.process = deliverer({
      destination: { id: destination.id },
      sender: this.sender,
      timing: { requestTimeout: 10_000 },
      transforms:
        setting.transform === undefined ? PASS_THROUGH : plainTransforms(setting.transform, options),
      rejections: {
        save: (rejection) => {
          if (this.storeFailures > 0) {
            this.storeFailures -= 1;
            return Promise.reject(new InfraFault('PutItem failed'));
          }
          this.rejected.push(rejection);
          // By hand, because a large event is truncated.
          this.settled.push(`-${/"messageId":"(.*?)"/.exec(rejection.body)?.[1] ?? ''}`);
          return Promise.resolve();
        },
      },
      clock: () => this.now,
      count: (metrics) => {
        for (const [name, value] of Object.entries(metrics))
          this.counted[name] = (this.counted[name] ?? 0) + value;
      },
      ...setting.deps,
    });
  }

  run(of: readonly SluiceEvent[] | IncomingMessage, attempt?: Attempt) {
    const incoming = 'id' in of ? of : message(of);
    const { isTrial, inOwnTrouble } = this;
    return this.process(incoming, { attempt, isTrial, inOwnTrouble, timeLeft: () => this.timeLeft });
  }

  get sent(): string[][] {
    return this.requests.map(idsIn);
  }
}

export const attempt = (progress?: Progress, firstFailedAt = NOW - 1): Attempt => ({
  failures: 1,
  firstFailedAt,
  lastError: 'answered 500',
  ...(progress === undefined ? {} : { progress }),
});
/** @param done outputs of the next event that are finished */
export const at = (events: number, ...done: SluiceEvent[]): Progress => ({
  events,
  ...(done.length === 0 ? {} : { done: done.map(nameOf).join('') }),
});
/** Answers with these statuses in turn, then 200. */
export const script =
  (...statuses: number[]): NonNullable<Setting['reply']> =>
  (_, n) =>
    answer(statuses[n - 1] ?? 200, 'said');
