/** SNS on one machine: the template's topics, and what is published to them on its way to their subscribers. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { newAbort } from '../common/abort.ts';
import type { SendEntry } from '../sqs/types.ts';
import type { SubscriptionSpec, TopicSpec } from './template.ts';
import { post, type Attempt } from './http-delivery.ts';
import { toEnvelope, toLambdaEvent, type MessageAttribute, type PublishedMessage } from './message.ts';
import { Outbox } from './outbox.ts';

export interface SnsOptions {
  /** Holds `sns/`, what is not delivered yet, and `mail/`. */
  readonly dataDir: string;
  /** Invokes a function asynchronously; resolves when Lambda is done with it, successful or not. */
  readonly invoke: (functionName: string, event: object) => Promise<void>;
  /** Sends to a dead-letter queue. */
  readonly send: (queueName: string, entry: SendEntry) => Promise<unknown>;
  /** A subscriber has got a message, or never will. */
  readonly onOutcome: (topicName: string, delivered: boolean) => void;
  /** Takes what the user should see. */
  readonly onTrouble: (line: string) => void;
  /** The wait before the first retry, doubled for each further one; milliseconds. Default: 1 second. */
  readonly firstDelayMs?: number;
}

export interface Publication {
  /** Default: a new one. Publishing an id again that is not delivered yet does nothing. */
  readonly id?: string;
  readonly topicArn: string;
  readonly subject?: string | undefined;
  readonly message: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
}

export class NoSuchTopic extends Error {
  override name = 'NoSuchTopic';
}

const FIRST_DELAY_MS = 1_000;
/** AWS waits up to 20 seconds, or what the subscription's policy says; a local run should not have to. */
const LONGEST_DELAY_MS = 10_000;

export class SnsService {
  readonly #options: SnsOptions;
  readonly #outbox: Outbox;
  readonly #closing = newAbort();
  #topics: readonly TopicSpec[] = [];
  #subscriptions: ReadonlyMap<string, SubscriptionSpec> = new Map();

  constructor(options: SnsOptions) {
    this.#options = options;
    this.#outbox = new Outbox({
      dir: join(options.dataDir, 'sns'),
      deliver: (message, arn) => this.#deliver(message, arn),
      onTrouble: (line) => {
        if (!this.#closing.signal.aborted) options.onTrouble(line);
      },
    });
  }

  /** @param subscriptions with their endpoints resolved. The first deployment also starts what an earlier run left. */
  async deploy(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<void> {
    this.#topics = topics;
    this.#subscriptions = new Map(subscriptions.map((subscription) => [subscription.arn, subscription]));
    await this.#outbox.start();
  }

  /**
   * Resolves when the message is stored: from then on every subscriber gets it, at least once, or its dead-letter queue does.
   * @returns the message's id
   * @throws NoSuchTopic
   */
  async publish({
    id = randomUUID(),
    topicArn,
    subject,
    message,
    attributes = {},
  }: Publication): Promise<string> {
    if (!this.#topics.some(({ arn }) => arn === topicArn)) throw new NoSuchTopic('Topic does not exist');
    const subscribers = [...this.#subscriptions.values()].filter((one) => one.topicArn === topicArn);
    await this.#outbox.accept(
      { id, topicArn, subject, message, attributes, publishedAt: Date.now() },
      subscribers.map(({ arn }) => arn),
    );
    return id;
  }

  /** Resolves when no delivery is under way. What has not been delivered is, after the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#outbox.settled();
  }

  async #deliver(message: PublishedMessage, subscriptionArn: string): Promise<void> {
    const { onTrouble, onOutcome } = this.#options;
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const subscription = this.#subscriptions.get(subscriptionArn);
    if (subscription === undefined) {
      onTrouble(`${subscriptionArn} is no longer subscribed; its message ${message.id} is dropped`);
      return;
    }
    const result = await this.#tryAll(subscription, message, signal);
    onOutcome(subscription.topicArn.replace(/^.*:/, ''), result.kind === 'delivered');
    if (result.kind === 'delivered') return;
    const { deadLetterQueue } = subscription;
    const fate = deadLetterQueue === undefined ? 'it is dropped' : `it is in ${deadLetterQueue}`;
    onTrouble(`${subscriptionArn} did not take the message ${message.id} (${result.reason}); ${fate}`);
    if (deadLetterQueue === undefined) return;
    const text = (stringValue: string) => ({ dataType: 'String', stringValue });
    await this.#options.send(deadLetterQueue, {
      body: toEnvelope(message, subscriptionArn),
      attributes: {
        RequestID: text(randomUUID()),
        ErrorCode: text(result.code),
        ErrorMessage: text(result.reason),
      },
    });
  }

  async #tryAll(
    subscription: SubscriptionSpec,
    message: PublishedMessage,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const { firstDelayMs = FIRST_DELAY_MS } = this.#options;
    const longest = Math.min(subscription.maxDelayMs, LONGEST_DELAY_MS);
    for (let failures = 0; ; failures += 1) {
      const attempt = await this.#try(subscription, message, signal);
      if (attempt.kind !== 'retry' || failures === subscription.retries) return attempt;
      await sleep(Math.min(longest, firstDelayMs * 2 ** failures), undefined, { signal });
    }
  }

  async #try(
    { arn, protocol, endpoint }: SubscriptionSpec,
    message: PublishedMessage,
    signal: AbortSignal,
  ): Promise<Attempt> {
    switch (protocol) {
      case 'http':
      case 'https':
        return post(endpoint, message, arn, signal);
      case 'lambda':
        await this.#options.invoke(endpoint, toLambdaEvent(message, arn));
        // When it was cut off by the end of the local run, nobody knows how far it came: it is sent again.
        signal.throwIfAborted();
        return { kind: 'delivered' };
      case 'email':
        await this.#mail(endpoint, message);
        return { kind: 'delivered' };
    }
  }

  /** Nothing is sent from this machine: a mail is a file. */
  async #mail(address: string, { id, subject = '', message, publishedAt }: PublishedMessage): Promise<void> {
    const dir = join(this.#options.dataDir, 'mail');
    await mkdir(dir, { recursive: true });
    const time = new Date(publishedAt).toISOString();
    const file = join(
      dir,
      `${time.replaceAll(':', '-')}-${id.slice(0, 8)}-${address.replaceAll(/[^\w.@-]/g, '_')}.txt`,
    );
    await writeFileAtomic(file, `To: ${address}\nDate: ${time}\nSubject: ${subject}\n\n${message}\n`);
    this.#options.onTrouble(`mail to ${address}: ${subject} (${file})`);
  }
}
