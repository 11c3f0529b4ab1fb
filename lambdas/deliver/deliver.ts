/**
 * A destination's work on one packed message: transform its events, send them, and account for each.
 *
 * - Events are transformed before the first is sent: all of them, or as many as half of the time allows. Then requests go out
 *   one after another, in order; the next begins when the last is answered, so that a destination sees a user's events in
 *   the order of acceptance.
 * - An event is finished when it was delivered, filtered out, or recorded as rejected (before anything moves past it).
 *   Where a message stops, its progress is returned, and the next attempt goes on from there.
 * - A batch that is refused for its content is sent again event by event, so that only the bad one is rejected.
 * - Whatever becomes of the message, the outcome says what was delivered, filtered out and rejected in this attempt.
 */
import type { DestinationSettings, TimingSettings } from '../../contract/settings.ts';
import { parseEnvelope, type EventsEnvelope } from '../core/event/envelope.ts';
import { CALL_MARGIN } from '../core/base/limits.ts';
import {
  endedBy,
  NOTHING_SHOWN,
  triedInVain,
  type Outcome,
  type Process,
  type Processing,
  type Shown,
} from '../core/stage/outcome.ts';
import type { Clock } from '../core/base/clock.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import type { RejectionStore } from '../core/event/ports.ts';
import { unreadableMessage } from '../core/event/rejection.ts';
import { PASS_THROUGH, type Transforms } from '../core/event/transform.ts';
import { judge, type Verdict } from './answer.ts';
import type { HttpClient } from './http-client.ts';
import { planDelivery, type Output, type Plan } from './plan.ts';
import { refusedEvent, type Refusal } from './rejections.ts';
import type { Secrets } from '../aws/secrets.ts';
import { buildRequest, secretNames } from './webhook.ts';

export interface DeliverDeps {
  readonly destination: Omit<DestinationSettings, 'transform'>;
  readonly timing: Pick<TimingSettings, 'requestTimeout'>;
  readonly transforms: Transforms;
  readonly send: HttpClient;
  readonly secrets: Secrets;
  readonly rejections: RejectionStore;
  readonly clock: Clock;
  /** Called once for each attempt at a message that counted anything. */
  readonly count: (metrics: Readonly<Record<string, number>>) => void;
}

/**
 * The time that must be left before a request begins: its worst case, and a margin to record what came of it. The
 * margin shrinks with the request's timeout, or a stage with a short one could never begin.
 * @returns milliseconds; less than twice `requestTimeout`, which is the least that a function's timeout may be
 */
export const roomForRequest = ({ requestTimeout }: Pick<TimingSettings, 'requestTimeout'>): number =>
  requestTimeout + Math.min(CALL_MARGIN, requestTimeout / 2);

/**
 * The time that must be left before a message is begun: it is charged, an event is transformed, a request is made, and what came
 * of it recorded. A stage with a short timeout makes do with a part of it, or it could begin nothing.
 * @param transformTimeout the longest that one event may take
 * @returns milliseconds; at least `roomForRequest`
 */
export const roomForMessage = (
  timing: Pick<TimingSettings, 'requestTimeout' | 'deliverTimeout'>,
  transformTimeout = 0,
): number =>
  Math.max(
    roomForRequest(timing),
    Math.min(timing.requestTimeout + 2 * CALL_MARGIN, timing.deliverTimeout * 0.6),
  ) + transformTimeout;

/** @throws InfraFault, MessageRefused before anything was sent */
export const deliverer = (deps: DeliverDeps): Process => {
  return async (message, processing) => {
    const envelope = parseEnvelope(message.body);
    if (envelope?.kind !== 'events') return keepUnreadable(message, processing, deps);
    const transforms = envelope.transformed === true ? PASS_THROUGH : deps.transforms;
    const saved = processing.attempt?.progress;
    const { sourceId, receivedAt, events } = envelope;
    const left = processing.timeLeft();
    const run = await transforms.run({
      sourceId,
      receivedAt,
      events: events.slice(saved?.events ?? 0),
      // The other half is for sending what was made: what there is no time to send is transformed again.
      time: Math.min(left / 2, left - transforms.timeout - roomForRequest(deps.timing)),
    });
    if (run.ended?.kind === 'crash') return { kind: 'crash', crash: run.ended.crash, shown: NOTHING_SHOWN };
    const plan = planDelivery(run.made, saved);
    const outcome = await new Delivery(deps, message, envelope, plan, processing).run();
    if (run.ended === undefined || outcome.kind !== 'done') return outcome;
    const progress = plan.progressAt(plan.outputs.length);
    return { ...outcome, kind: 'stopped', ...(progress === undefined ? {} : { progress }) };
  };
};

const keepUnreadable = async (
  message: IncomingMessage,
  { isTrial }: Processing,
  { destination, rejections, clock, count }: DeliverDeps,
): Promise<Outcome> => {
  const rejection = unreadableMessage(destination.id, message, clock());
  if (isTrial) return { ...triedInVain(rejection.reason), shown: NOTHING_SHOWN };
  await rejections.save(rejection);
  count({ EventsRejected: 1 });
  return { kind: 'done', shown: { ...NOTHING_SHOWN, rejected: 1, rejection: rejection.reason } };
};

/** One attempt at one message. */
class Delivery {
  readonly #deps: DeliverDeps;
  readonly #message: IncomingMessage;
  readonly #envelope: EventsEnvelope;
  readonly #plan: Plan;
  readonly #processing: Processing;
  #delivered = 0;
  #rejected = 0;
  #rejection: string | undefined;

  constructor(
    deps: DeliverDeps,
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
    return judge(reply, clock());
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
