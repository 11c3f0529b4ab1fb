/**
 * One attempt at one message, or at several that are sent as one (`unit.ts`), whose events have been transformed.
 *
 * - Calls of the destination (`destinations/sender.ts`) go out one after another, in order; the next begins when the last is
 *   answered, so that a destination sees a user's events in the order of acceptance.
 * - An event is finished when it was delivered, filtered out, or recorded as rejected (before anything moves past it).
 *   Where a message stops, its progress is returned, and the next attempt continues from there.
 * - A batch that is refused for its content is sent again event by event, so that only the bad one is rejected.
 * - Whatever becomes of a message, its outcome says what of it was delivered, filtered out and rejected in this attempt.
 */
import type { EventsEnvelope } from '../core/event/envelope.ts';
import {
  endedBy,
  NOTHING_SHOWN,
  triedInVain,
  type Outcome,
  type Processing,
  type Shown,
} from '../core/stage/outcome.ts';
import type { Clock } from '../core/base/clock.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import type { RejectionStore } from '../core/event/ports.ts';
import type { Outgoing, Sender, Verdict } from './destinations/sender.ts';
import type { Output, Plan } from './plan.ts';
import { refusedEvent, type Refusal } from './rejections.ts';

export interface DeliveryDeps {
  readonly destination: { readonly id: string };
  readonly sender: Sender;
  readonly rejections: RejectionStore;
  readonly clock: Clock;
  /** What it is sent has been through a mask (`pii.ts`). */
  readonly masks?: boolean;
  /** Called once for each attempt at a message that counted anything. */
  readonly count: (metrics: Readonly<Record<string, number>>) => void;
}

/** A message, and what of it is to be sent. */
export interface Part {
  readonly message: IncomingMessage;
  readonly envelope: EventsEnvelope;
  readonly plan: Plan;
}

export type Parts = readonly [Part, ...Part[]];

/** One event to send, and of which part it is. */
interface Item {
  readonly part: Part;
  readonly output: Output;
}

const toSend = ({ part: { envelope, message }, output: { event, index, content } }: Item): Outgoing => ({
  sourceId: envelope.sourceId,
  key: message.groupId,
  place: `${message.id}:${event}:${index}`,
  content,
  origin: { receivedAt: envelope.receivedAt, sequence: message.sequenceNumber, index: event },
});

/** What became of an item: it was delivered, or left out by the destination, or why it was rejected. */
interface Finished {
  readonly filtered?: true;
  readonly rejection?: string;
  readonly unsent?: boolean;
}

const wasDelivered = ({ filtered, rejection }: Finished): boolean =>
  filtered === undefined && rejection === undefined;

const unsentOf = (finished: readonly Finished[]): number => finished.filter(({ unsent }) => unsent).length;

/** The outcomes of a part's items, as far as there are any. */
const shownOf = ({ plan }: Part, finished: readonly Finished[]): Shown => {
  const unsent = unsentOf(finished);
  const rejections = finished.flatMap(({ rejection, unsent }) =>
    rejection === undefined || unsent === true ? [] : [rejection],
  );
  const rejection = rejections.at(-1);
  return {
    delivered: finished.filter(wasDelivered).length,
    filtered: plan.filteredAt(finished.length) + unsent + finished.filter(({ filtered }) => filtered).length,
    rejected: rejections.length,
    ...(rejection === undefined ? {} : { rejection }),
  };
};

export class Delivery {
  readonly #deps: DeliveryDeps;
  readonly #parts: Parts;
  readonly #processing: Processing;
  readonly #items: readonly Item[];
  /** Of the items, in order. */
  readonly #finished: Finished[] = [];

  /** @param parts of one source */
  constructor(deps: DeliveryDeps, parts: Parts, processing: Processing) {
    this.#deps = deps;
    this.#parts = parts;
    this.#processing = processing;
    this.#items = parts.flatMap((part) => part.plan.outputs.map((output) => ({ part, output })));
  }

  /** @returns what became of the messages, in order, up to the first that is not done */
  async run(): Promise<readonly Outcome[]> {
    const ended = await this.#sendAll().catch(endedBy);
    const outcomes = this.#outcomes(ended);
    this.#report(outcomes);
    return outcomes;
  }

  /** It ended at the first item that is not finished. */
  #outcomes(ended: Outcome): readonly Outcome[] {
    const last = this.#items[this.#finished.length]?.part ?? this.#parts.at(-1);
    const outcomes: Outcome[] = [];
    let from = 0;
    for (const part of this.#parts) {
      const { outputs, progressAt } = part.plan;
      const finished = this.#finished.slice(from, from + outputs.length);
      from += outputs.length;
      const shown = shownOf(part, finished);
      if (ended.kind === 'done' || part !== last) {
        outcomes.push({ kind: 'done', shown });
        continue;
      }
      const progress = ended.kind === 'crash' ? undefined : progressAt(finished.length);
      return [...outcomes, { ...ended, ...(progress === undefined ? {} : { progress }), shown }];
    }
    return outcomes;
  }

  /** @returns without the progress, which follows from how many are finished */
  async #sendAll(): Promise<Outcome> {
    const { sender } = this.#deps;
    const pending = this.#chunks();
    for (let chunk = pending.shift(); chunk !== undefined; chunk = pending.shift()) {
      const said = await sender.send(chunk.map(toSend), this.#processing.timeLeft);
      if (said === undefined) return { kind: 'stopped' };
      if (said.kind === 'whole' && chunk.length > 1 && this.#refusal(said.verdict) !== undefined) {
        pending.unshift(...chunk.map((item) => [item]));
        continue;
      }
      for (const [i, item] of chunk.entries()) {
        const verdict = said.kind === 'whole' ? said.verdict : said.verdicts[i];
        if (verdict === undefined) return { kind: 'stopped' };
        const ended = await this.#settle(item, verdict);
        if (ended !== undefined) return ended;
      }
    }
    return { kind: 'done' };
  }

  /** @returns undefined when the item is finished */
  async #settle(item: Item, verdict: Verdict): Promise<Outcome | undefined> {
    if (verdict.kind === 'delivered' || verdict.kind === 'filtered') {
      this.#finished.push(verdict.kind === 'delivered' ? {} : { filtered: true });
      return undefined;
    }
    const refusal = this.#refusal(verdict);
    if (refusal === undefined) {
      const { reason, retryAfter } = { retryAfter: undefined, ...verdict };
      return { kind: 'retry', reason, ...(retryAfter === undefined ? {} : { retryAfter }) };
    }
    if (this.#processing.isTrial && refusal.unsent !== true) return triedInVain(refusal.reason);
    await this.#reject(item, refusal);
    return undefined;
  }

  /** Of each call, the events that go in it. */
  #chunks(): (readonly Item[])[] {
    const { batch, togetherBy } = this.#deps.sender;
    const chunks: Item[][] = [];
    let before: string | undefined;
    for (const item of this.#items) {
      const by = togetherBy?.(toSend(item));
      const last = chunks.at(-1);
      if (last === undefined || last.length === batch || by !== before) chunks.push([item]);
      else last.push(item);
      before = by;
    }
    return chunks;
  }

  /**
   * Why the events will never be delivered; undefined when they were, or may be yet. At a closed door a key is given up that is in
   * trouble of its own, until one of its events gets through: others were delivered while it failed, so the door is closed to it alone.
   */
  #refusal(verdict: Verdict): Refusal | undefined {
    if (verdict.kind === 'rejected') return verdict;
    const { inOwnTrouble, isTrial } = this.#processing;
    if (verdict.kind !== 'closed' || !inOwnTrouble || isTrial) return undefined;
    if (this.#finished.some(wasDelivered)) return undefined;
    const { answer, reason } = verdict;
    return {
      reason: `${reason}, again and again while other users' events were delivered`,
      ...(answer === undefined ? {} : { answer }),
    };
  }

  async #reject({ part, output }: Item, refusal: Refusal): Promise<void> {
    const { destination, rejections, clock, masks } = this.#deps;
    const { message, envelope } = part;
    await rejections.save(refusedEvent(destination.id, message, envelope, output, refusal, clock(), masks));
    this.#finished.push({ rejection: refusal.reason, unsent: refusal.unsent === true });
  }

  #report(outcomes: readonly Outcome[]): void {
    const sum = (of: (shown: Shown) => number): number =>
      outcomes.reduce((all, { shown = NOTHING_SHOWN }) => all + of(shown), 0);
    const unsent = unsentOf(this.#finished);
    const counts = {
      EventsDelivered: sum(({ delivered }) => delivered),
      EventsRejected: sum(({ rejected }) => rejected) + unsent,
      EventsFiltered: sum(({ filtered }) => filtered) - unsent,
    };
    const counted = Object.entries(counts).filter(([, value]) => value > 0);
    if (counted.length > 0) this.#deps.count(Object.fromEntries(counted));
  }
}
