/**
 * A destination's work on one packed message: transform its events, send them, and account for each.
 *
 * - Events are transformed before the first is sent: all of them, or as many as half of the time allows. Then requests go out
 *   one after another, in order; the next begins when the last is answered, so that a destination sees a user's events in
 *   the order of acceptance.
 * - An event is finished when it was delivered, filtered out, or recorded as rejected (before anything moves past it).
 *   Where a message stops, its progress is returned, and the next attempt goes on from there.
 * - A batch that is refused for its content is sent again event by event, so that only the bad one is rejected.
 */
import ms from 'ms';
import type { ResolvedDestination, ResolvedTiming } from '../../config/schema.ts';
import { parseEnvelope, type EventsEnvelope } from '../core/envelope.ts';
import { CALL_MARGIN } from '../core/limits.ts';
import type { Outcome, Process, Processing } from '../core/outcome.ts';
import {
  InfraFault,
  MessageRefused,
  type Clock,
  type IncomingMessage,
  type RejectionStore,
  type StateStore,
} from '../core/ports.ts';
import { unreadableMessage } from '../core/rejection.ts';
import { PASS_THROUGH, type Transforms } from '../core/transform.ts';
import { doorStaysClosed, judge, successNote, type Verdict } from './answer.ts';
import type { HttpClient } from './http-client.ts';
import { planDelivery, type Output, type Plan } from './plan.ts';
import { refusedEvent, type Refusal } from './rejections.ts';
import type { Secrets } from '../aws/secrets.ts';
import { buildRequest, secretNames } from './webhook.ts';

export interface DeliverDeps {
  readonly destination: Omit<ResolvedDestination, 'transform'>;
  readonly timing: Pick<ResolvedTiming, 'requestTimeout' | 'closedDoorLimit'>;
  readonly transforms: Transforms;
  readonly send: HttpClient;
  readonly secrets: Secrets;
  readonly rejections: RejectionStore;
  readonly state: Pick<StateStore, 'lastSuccess' | 'saveSuccess'>;
  readonly clock: Clock;
  readonly warn: (message: string, error: unknown) => void;
  /** Called once for each attempt at a message that counted anything. */
  readonly count: (metrics: Readonly<Record<string, number>>) => void;
}

/**
 * The time that must be left before a request begins: its worst case, and a margin to record what came of it. The
 * margin shrinks with the request's timeout, or a stage with a short one could never begin.
 * @returns milliseconds; less than twice `requestTimeout`, which is the least that a function's timeout may be
 */
export const roomForRequest = ({ requestTimeout }: Pick<ResolvedTiming, 'requestTimeout'>): number =>
  requestTimeout + Math.min(CALL_MARGIN, requestTimeout / 2);

/**
 * The time that must be left before a message is begun: it is charged, an event is transformed, a request is made, and what came
 * of it recorded. A stage with a short timeout makes do with a part of it, or it could begin nothing.
 * @param transformTimeout the longest that one event may take
 * @returns milliseconds; at least `roomForRequest`
 */
export const roomForMessage = (
  timing: Pick<ResolvedTiming, 'requestTimeout' | 'deliverTimeout'>,
  transformTimeout = 0,
): number =>
  Math.max(
    roomForRequest(timing),
    Math.min(timing.requestTimeout + 2 * CALL_MARGIN, timing.deliverTimeout * 0.6),
  ) + transformTimeout;

/** @throws InfraFault, MessageRefused before anything was sent */
export const deliverer = (deps: DeliverDeps): Process => {
  const stage = deps.destination.id;
  const noteSuccess = successNote((at) => deps.state.saveSuccess(stage, at), deps.clock, deps.warn);
  return async (message, processing) => {
    const envelope = parseEnvelope(message.body);
    if (envelope?.kind !== 'events') {
      await deps.rejections.save(unreadableMessage(stage, message, deps.clock()));
      deps.count({ EventsRejected: 1 });
      return { kind: 'done' };
    }
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
    if (run.ended?.kind === 'crash') return { kind: 'crash', crash: run.ended.crash };
    const plan = planDelivery(run.made, saved);
    const outcome = await new Delivery(deps, noteSuccess, message, envelope, plan, processing).run();
    if (run.ended === undefined || outcome.kind !== 'done') return outcome;
    const progress = plan.progressAt(plan.outputs.length);
    return { kind: 'stopped', ...(progress === undefined ? {} : { progress }) };
  };
};

/** Events that go in one request. */
interface Chunk {
  readonly outputs: readonly Output[];
  /** Since when they have failed; milliseconds since 1970. */
  readonly failingSince: number | undefined;
}

/** One attempt at one message. */
class Delivery {
  readonly #deps: DeliverDeps;
  readonly #noteSuccess: () => Promise<void>;
  readonly #message: IncomingMessage;
  readonly #envelope: EventsEnvelope;
  readonly #plan: Plan;
  readonly #processing: Processing;
  #delivered = 0;
  #rejected = 0;

  constructor(
    deps: DeliverDeps,
    noteSuccess: () => Promise<void>,
    message: IncomingMessage,
    envelope: EventsEnvelope,
    plan: Plan,
    processing: Processing,
  ) {
    this.#deps = deps;
    this.#noteSuccess = noteSuccess;
    this.#message = message;
    this.#envelope = envelope;
    this.#plan = plan;
    this.#processing = processing;
  }

  async run(): Promise<Outcome> {
    try {
      return await this.#sendAll();
    } catch (error) {
      if (error instanceof InfraFault) return { kind: 'fault', reason: error.message, ...this.#progress() };
      if (error instanceof MessageRefused)
        return { kind: 'refused', reason: error.message, ...this.#progress() };
      throw error;
    } finally {
      this.#report();
    }
  }

  async #sendAll(): Promise<Outcome> {
    const pending = this.#chunks();
    for (let chunk = pending.shift(); chunk !== undefined; chunk = pending.shift()) {
      const verdict = await this.#send(chunk);
      if (verdict === undefined) return { kind: 'stopped', ...this.#progress() };
      const refusal = await this.#refusal(chunk, verdict);
      const [first, ...others] = chunk.outputs;
      if (verdict.kind === 'delivered') {
        this.#delivered += chunk.outputs.length;
        await this.#noteSuccess();
      } else if (refusal === undefined) {
        const { reason, retryAfter } = { retryAfter: undefined, ...verdict };
        const wait = retryAfter === undefined ? {} : { retryAfter };
        return { kind: 'retry', reason, ...wait, ...this.#progress() };
      } else if (first !== undefined && others.length === 0) {
        await this.#reject(first, refusal);
      } else {
        pending.unshift(...chunk.outputs.map((output) => ({ ...chunk, outputs: [output] })));
      }
    }
    return { kind: 'done' };
  }

  /**
   * Only the first chunk is known to have failed before: the attempt's record speaks of the place where it stopped.
   */
  #chunks(): Chunk[] {
    const { outputs } = this.#plan;
    const { batch } = this.#deps.destination;
    const failingSince = this.#processing.attempt?.firstFailedAt;
    return Array.from({ length: Math.ceil(outputs.length / batch) }, (_, i) => ({
      outputs: outputs.slice(i * batch, (i + 1) * batch),
      failingSince: i === 0 ? failingSince : undefined,
    }));
  }

  /** @returns undefined when there was no time to begin */
  async #send({ outputs }: Chunk): Promise<Verdict | undefined> {
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

  /** Why the events will never be delivered; undefined when they were, or may be yet. */
  async #refusal({ failingSince }: Chunk, verdict: Verdict): Promise<Refusal | undefined> {
    if (verdict.kind === 'rejected') return verdict;
    if (verdict.kind !== 'closed') return undefined;
    const { destination, timing, clock, state } = this.#deps;
    const lastSuccess = () => state.lastSuccess(destination.id);
    const limit = timing.closedDoorLimit;
    if (!(await doorStaysClosed(failingSince, limit, clock, lastSuccess))) return undefined;
    const { answer, reason } = verdict;
    const why = `${reason}, for ${ms(limit, { long: true })} while others were delivered`;
    return { reason: why, ...(answer === undefined ? {} : { answer }) };
  }

  async #reject(output: Output, refusal: Refusal): Promise<void> {
    const { destination, rejections, clock } = this.#deps;
    await rejections.save(
      refusedEvent(destination.id, this.#message, this.#envelope, output, refusal, clock()),
    );
    this.#rejected += 1;
  }

  #progress() {
    const progress = this.#plan.progressAt(this.#delivered + this.#rejected);
    return progress === undefined ? {} : { progress };
  }

  #report(): void {
    const counts = {
      EventsDelivered: this.#delivered,
      EventsRejected: this.#rejected,
      EventsFiltered: this.#plan.filteredAt(this.#delivered + this.#rejected),
    };
    const counted = Object.entries(counts).filter(([, value]) => value > 0);
    if (counted.length > 0) this.#deps.count(Object.fromEntries(counted));
  }
}
