/** The events that were sent, accepted, delivered and recorded: none may be lost or overtake another. */
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { Effects, type Placed } from './effects.ts';
import { keyOf, Made } from './made.ts';
import { eventsOf, missingOf, type Records } from './missing.ts';
import { PastOrder } from './past-order.ts';
import {
  destinationsOf,
  ROUTER,
  userName,
  type DestinationId,
  type EventPlan,
  type StageId,
} from './plan.ts';

/** An event as the simulated SDK knows it. */
export interface SentEvent extends EventPlan {
  readonly id: string;
  readonly user: number;
  readonly number: number;
}

interface Known extends SentEvent {
  /** Its place among the user's events, in SQS's order of acceptance; undefined: SQS does not have it. */
  place: number | undefined;
  /** The places of the first and the last message that brought it to the router. */
  messages: readonly [first: number, last: number];
  acceptedAt: number;
  /** Ingest answered 200. */
  answered: boolean;
  /** It was rejected or discarded once, so its place is that of the resend. */
  isLate: boolean;
}

interface KnownMessage extends Placed {
  readonly events: readonly SluiceEvent[];
}

interface Arrivals {
  /** The latest place of an event that was delivered for the first time. */
  event: number;
  /** The latest place of the message that brought such an event to the router first. */
  from: number;
}

/** An event as a destination stores it. */
export interface Received {
  readonly messageId: string;
  readonly variant?: string;
}

export interface LedgerOptions {
  /** SQS itself gives up on messages: then the next message of a key may overtake, before the dead letter has been parked. */
  readonly mayOvertake: boolean;
  readonly violation: (text: string) => void;
  /** Called at a first delivery. @param age time since acceptance, milliseconds */
  readonly delivered: (user: number, age: number, id: string) => void;
}

/** An event's own id, without the suffix of a transform that splits it in two. */
const baseOf = (id: string): string => id.split(':')[0] ?? id;

/** The outputs of a transform that is not impure. */
const outputsOf = ({ id, kind }: EventPlan & { readonly id: string }): readonly string[] => {
  if (kind === 'filtered' || kind === 'dropped' || kind === 'bad') return [];
  return kind === 'split' ? [id, `${id}:1`] : [id];
};

export class Ledger {
  readonly made = new Made();
  readonly past: PastOrder;
  readonly #options: LedgerOptions;
  readonly #effects: Effects;
  readonly #events = new Map<string, Known>();
  readonly #messages = new Map<string, KnownMessage>();
  /** What a replay has parked, by message. */
  readonly #replayed = new Map<string, Pick<KnownMessage, 'user' | 'events'>>();
  readonly #places = new Map<string, number>();
  readonly #delivered = new Set<string>();
  readonly #arrivals = new Map<string, Arrivals>();
  deliveries = 0;
  duplicates = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#effects = new Effects((text) => {
      if (!options.mayOvertake) options.violation(text);
    });
    this.past = new PastOrder((text) => {
      if (!options.mayOvertake) options.violation(text);
    });
  }

  get events(): number {
    return this.#events.size;
  }

  sent(event: SentEvent): void {
    this.#events.set(event.id, {
      ...event,
      place: undefined,
      messages: [Infinity, -1],
      acceptedAt: 0,
      answered: false,
      isLate: false,
    });
  }

  /** It was sent before the beginning, and is in the archive. */
  archived(event: SentEvent): void {
    const { id, user, number: place } = event;
    this.sent(event);
    this.past.archived({ id, user, place, isDropped: outputsOf(event).length === 0 });
  }

  /** A replay parks a message. */
  replaying({ id, body }: { readonly id: string; readonly body: string }): void {
    const envelope = parseEnvelope(body);
    const [first] = envelope?.kind === 'events' ? envelope.events : [];
    if (envelope?.kind !== 'events' || first === undefined || this.#messages.has(id)) return;
    this.#replayed.set(id, { user: this.#known(first.messageId).user, events: envelope.events });
  }

  /** Ingest has answered 200. */
  answered(ids: readonly string[]): void {
    for (const id of ids) this.#known(id).answered = true;
  }

  /** A queue has taken a message that is new to it. */
  accepted(stage: StageId, { id, body }: { readonly id: string; readonly body: string }, now: number): void {
    const envelope = parseEnvelope(body);
    if (envelope?.kind !== 'events') return;
    const [first] = envelope.events;
    if (first === undefined) return;
    const unknown = envelope.events.find(({ messageId }) => !this.#events.has(baseOf(messageId)));
    if (unknown !== undefined) {
      this.#options.violation(`identity: ${stage} takes "${unknown.messageId}", which was never sent`);
      return;
    }
    const { user } = this.#known(first.messageId);
    const message = this.#next(`${stage} ${String(user)}`);
    this.#messages.set(id, { stage, user, place: message, events: envelope.events });
    if (stage !== ROUTER) {
      for (const { messageId } of envelope.events) this.past.accepted(stage, user, baseOf(messageId));
      return;
    }
    for (const { messageId } of envelope.events) {
      const event = this.#known(messageId);
      event.messages = [Math.min(event.messages[0], message), message];
      if (event.place !== undefined) continue;
      event.place = this.#next(`events ${String(user)}`);
      event.acceptedAt = now;
    }
  }

  userOf(messageId: string): number | undefined {
    return (this.#messages.get(messageId) ?? this.#replayed.get(messageId))?.user;
  }

  /** The message as its queue took it. */
  eventsOf(messageId: string): readonly SluiceEvent[] {
    return (this.#messages.get(messageId) ?? this.#replayed.get(messageId))?.events ?? [];
  }

  /** A stage's work on a message has a visible effect. @param unit the first of the messages that are worked on as one */
  effect(messageId: string, unit: string): void {
    const message = this.#messages.get(messageId);
    // Behind what is replayed, messages are worked on that had an effect before: their own line says nothing of that.
    if (this.#replayed.has(unit)) return;
    if (message !== undefined) this.#effects.happened(message, this.#messages.get(unit) ?? message);
  }

  /** All of the message is done. */
  done(messageId: string): void {
    const message = this.#messages.get(messageId);
    if (message !== undefined) this.#effects.done(message);
  }

  /** The messages of a unit that have events among these, which are in order. */
  within(unit: readonly string[], ids: readonly string[]): readonly string[] {
    const found = new Set<number>();
    let from = 0;
    for (const id of ids) {
      const has = (one: string) =>
        this.eventsOf(one).some(({ messageId }) => baseOf(messageId) === baseOf(id));
      const next = unit.findIndex((one, i) => i >= from && has(one));
      if (next === -1) continue;
      from = next;
      found.add(next);
    }
    return unit.filter((_, i) => found.has(i));
  }

  /** A destination has stored an event. */
  delivered(stage: DestinationId, received: Received, now: number): void {
    const { messageId: id } = received;
    const event = this.#events.get(baseOf(id));
    const key = keyOf(received);
    this.deliveries += 1;
    if (event === undefined || !this.#mayBe(stage, event, received)) {
      this.#options.violation(`identity: ${stage} gets an event "${key}" that was never sent`);
      return;
    }
    if (!destinationsOf(event.user).includes(stage))
      this.#options.violation(`routing: ${stage} gets ${id}, which is not for it`);
    if (this.#delivered.has(`${stage} ${key}`)) {
      this.duplicates += 1;
      return;
    }
    this.#delivered.add(`${stage} ${key}`);
    if (this.past.has(id)) this.past.replayed(stage, id);
    if (event.isLate || this.past.has(id)) return;
    this.past.delivered(stage, event.user, event.id);
    this.#inOrder(stage, event, key);
    this.#options.delivered(event.user, now - event.acceptedAt, id);
  }

  /**
   * The output of a later attempt of impure code may be delivered after the next event of its message, but not
   * after an event of a later message.
   */
  #inOrder(stage: DestinationId, { place = -1, messages, impure, user }: Known, key: string): void {
    const arrivals = this.#arrivalsAt(stage, user);
    const [first, last] = messages;
    const isOvertaken = impure === undefined ? place < arrivals.event : last < arrivals.from;
    if (isOvertaken && !this.#options.mayOvertake)
      this.#options.violation(`order: ${stage} gets ${key} after a later event of ${userName(user)}`);
    arrivals.event = Math.max(arrivals.event, place);
    arrivals.from = Math.max(arrivals.from, first);
  }

  recorded(record: Rejection): void {
    this.past.recorded(record);
    for (const event of eventsOf(record)) {
      const known = this.#events.get(baseOf(event.messageId));
      if (known === undefined) continue;
      known.isLate = true;
      const [messageId = ''] = record.id.split(':');
      this.done(messageId);
      if (record.discarded === true && record.stage !== 'ingest')
        this.made.discarded(record.stage as StageId, messageId, event);
    }
  }

  /** See `Effects`. */
  get stale(): readonly string[] {
    return this.#options.mayOvertake ? [] : this.#effects.stale;
  }

  /** @param records of rejected and discarded events, by stage @returns events that are missing everywhere */
  missing(records: Records): readonly string[] {
    const is = { made: this.made, isDelivered: (at: string) => this.#delivered.has(at), outputsOf };
    return [...this.#events.values()].flatMap(missingOf(is, records));
  }

  #mayBe(stage: DestinationId, event: Known, received: Received): boolean {
    if (event.impure === undefined) return outputsOf(event).includes(received.messageId);
    return this.made.isKnown(stage, keyOf(received));
  }

  #known(id: string): Known {
    const event = this.#events.get(baseOf(id));
    if (event === undefined) throw new Error(`${id} was never sent`);
    return event;
  }

  #next(counter: string): number {
    const place = this.#places.get(counter) ?? 0;
    this.#places.set(counter, place + 1);
    return place;
  }

  #arrivalsAt(stage: StageId, user: number): Arrivals {
    const name = `${stage} ${String(user)}`;
    const found = this.#arrivals.get(name) ?? { event: -1, from: -1 };
    this.#arrivals.set(name, found);
    return found;
  }
}
