/**
 * One attempt at one message, whose events have been transformed.
 *
 * - Requests go out one after another, in order; the next begins when the last is answered, so that a destination sees a user's
 *   events in the order of acceptance.
 * - An event is finished when it was delivered, filtered out, or recorded as rejected (before anything moves past it).
 *   Where a message stops, its progress is returned, and the next attempt continues from there.
 * - A batch that is refused for its content is sent again event by event, so that only the bad one is rejected.
 * - Whatever becomes of the message, the outcome says what was delivered, filtered out and rejected in this attempt.
 */
import type { DestinationSettings, TimingSettings } from '../../contract/settings.ts';
import type { EventsEnvelope } from '../core/event/envelope.ts';
import { endedBy, triedInVain, type Outcome, type Processing, type Shown } from '../core/stage/outcome.ts';
import type { Clock } from '../core/base/clock.ts';
import { redactor } from '../core/base/redaction.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import type { RejectionStore } from '../core/event/ports.ts';
import type { Secrets } from '../aws/secrets.ts';
import { judge, type Verdict } from './answer.ts';
import { redacted, type HttpClient } from './http-client.ts';
import type { Output, Plan } from './plan.ts';
import { refusedEvent, type Refusal } from './rejections.ts';
import { roomForRequest } from './room.ts';
import { buildRequest, secretNames } from './webhook.ts';

export interface DeliveryDeps {
  readonly destination: Omit<DestinationSettings, 'transform'>;
  readonly timing: Pick<TimingSettings, 'requestTimeout'>;
  readonly send: HttpClient;
  readonly secrets: Secrets;
  readonly rejections: RejectionStore;
  readonly clock: Clock;
  /** Called once for each attempt at a message that counted anything. */
  readonly count: (metrics: Readonly<Record<string, number>>) => void;
}

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #message: IncomingMessage;
  readonly #envelope: EventsEnvelope;
  readonly #plan: Plan;
  readonly #processing: Processing;
  #delivered = 0;
  #rejected = 0;
  #rejection: string | undefined;

  constructor(
    deps: DeliveryDeps,
    message: IncomingMessage,
    envelope: EventsEnvelope,
    plan: Plan,
    processing: Processing,
  ) {
    this.#deps = deps;
    this.#message = message;
    this.#envelope = envelope;
    this.#plan = plan;
    this.#processing = processing;
  }

  async run(): Promise<Outcome> {
    const ended = await this.#sendAll().catch(endedBy);
    const shown = this.#shown();
    this.#report(shown);
    if (ended.kind === 'done' || ended.kind === 'crash') return { ...ended, shown };
    const progress = this.#plan.progressAt(this.#delivered + this.#rejected);
    return { ...ended, ...(progress === undefined ? {} : { progress }), shown };
  }

  /** @returns without the progress, which follows from how many are finished */
  async #sendAll(): Promise<Outcome> {
    const pending = this.#chunks();
    for (let chunk = pending.shift(); chunk !== undefined; chunk = pending.shift()) {
      const verdict = await this.#send(chunk);
      if (verdict === undefined) return { kind: 'stopped' };
      const refusal = this.#refusal(verdict);
      const [first, ...others] = chunk;
      if (verdict.kind === 'delivered') {
        this.#delivered += chunk.length;
      } else if (refusal === undefined) {
        const { reason, retryAfter } = { retryAfter: undefined, ...verdict };
        return { kind: 'retry', reason, ...(retryAfter === undefined ? {} : { retryAfter }) };
      } else if (first !== undefined && others.length > 0) {
        pending.unshift(...chunk.map((output) => [output]));
      } else if (this.#processing.isTrial) {
        return triedInVain(refusal.reason);
      } else if (first !== undefined) {
        await this.#reject(first, refusal);
      }
    }
    return { kind: 'done' };
  }

  /** Of each request, the events that go in it. */
  #chunks(): (readonly Output[])[] {
    const { outputs } = this.#plan;
    const { batch } = this.#deps.destination;
    return Array.from({ length: Math.ceil(outputs.length / batch) }, (_, i) =>
      outputs.slice(i * batch, (i + 1) * batch),
    );
  }

  /** @returns undefined when there was no time to begin */
  async #send(outputs: readonly Output[]): Promise<Verdict | undefined> {
    const { destination, secrets, send, clock, timing } = this.#deps;
    const values = await secrets.read(secretNames(destination));
    if (this.#processing.timeLeft() < roomForRequest(timing)) return undefined;
    const events = outputs.map(({ content }) => content);
    const built = buildRequest(destination, this.#envelope.sourceId, events, values, clock());
    const reply = built.kind === 'request' ? await send(built.request) : built;
    const isLocked = reply.kind === 'answer' && (reply.status === 401 || reply.status === 403);
    if (isLocked || built.kind === 'misconfigured') secrets.expire();
    if (built.kind !== 'request') return judge(reply, clock());
    // Before anything of it is cut: half a secret would not be recognized.
    const ownSecrets = redactor(built.signatures);
    return judge(
      redacted(reply, (text) => secrets.redact(ownSecrets(text))),
      clock(),
    );
  }

  /**
   * Why the events will never be delivered; undefined when they were, or may be yet. At a closed door a key is given up that is in
   * trouble of its own, until one of its events gets through: others were delivered while it failed, so the door is closed to it alone.
   */
  #refusal(verdict: Verdict): Refusal | undefined {
    if (verdict.kind === 'rejected') return verdict;
    const { inOwnTrouble, isTrial } = this.#processing;
    if (verdict.kind !== 'closed' || !inOwnTrouble || isTrial || this.#delivered > 0) return undefined;
    const { answer, reason } = verdict;
    return {
      reason: `${reason}, again and again while other users' events were delivered`,
      ...(answer === undefined ? {} : { answer }),
    };
  }

  async #reject(output: Output, refusal: Refusal): Promise<void> {
    const { destination, rejections, clock } = this.#deps;
    await rejections.save(
      refusedEvent(destination.id, this.#message, this.#envelope, output, refusal, clock()),
    );
    this.#rejected += 1;
    this.#rejection = refusal.reason;
  }

  #shown(): Shown {
    return {
      delivered: this.#delivered,
      filtered: this.#plan.filteredAt(this.#delivered + this.#rejected),
      rejected: this.#rejected,
      ...(this.#rejection === undefined ? {} : { rejection: this.#rejection }),
    };
  }

  #report({ delivered, filtered, rejected }: Shown): void {
    const counts = { EventsDelivered: delivered, EventsRejected: rejected, EventsFiltered: filtered };
    const counted = Object.entries(counts).filter(([, value]) => value > 0);
    if (counted.length > 0) this.#deps.count(Object.fromEntries(counted));
  }
}
