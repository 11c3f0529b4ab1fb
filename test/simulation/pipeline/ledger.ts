/** What was sent, accepted, delivered and recorded: nothing may be lost, and nothing may overtake. */
import { parseEnvelope } from '../../../lambdas/core/envelope.ts';
import { isJsonObject } from '../../../lambdas/core/event.ts';
import type { Rejection } from '../../../lambdas/core/ports.ts';
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
  /** Its place among the user's events, by SQS's order of acceptance; undefined: SQS does not have it. */
  place: number | undefined;
  acceptedAt: number;
  /** Ingest answered 200. */
  answered: boolean;
  /** It was rejected or discarded once, so that its own order is that of whoever sends it again. */
  isLate: boolean;
}

interface KnownMessage {
  readonly stage: StageId;
  readonly user: number;
  /** Among the messages of the user in this queue, by SQS's order of acceptance. */
  readonly place: number;
}

interface Arrivals {
  /** The place of the latest message that had an effect. */
  message: number;
  /** The latest place of an event that was delivered for the first time. */
  event: number;
}

export interface LedgerOptions {
  /** SQS itself gives up on messages: then the next of a key may overtake, before the intake has parked the first. */
  readonly mayOvertake: boolean;
  readonly violation: (text: string) => void;
  /** A first delivery, so long after its acceptance. */
  readonly delivered: (user: number, age: number, id: string) => void;
}

const idsOf = (record: Rejection): readonly string[] => {
  const content: unknown = JSON.parse(record.body);
  const events: readonly unknown[] = Array.isArray(content) ? content : [content];
  return events.flatMap((event) => {
    const id: unknown = isJsonObject(event) ? event['messageId'] : undefined;
    return typeof id === 'string' ? [id] : [];
  });
};

/** An event's own id, without what a transform that makes two of one adds to it. */
const baseOf = (id: string): string => id.split(':')[0] ?? id;

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #events = new Map<string, Known>();
  readonly #messages = new Map<string, KnownMessage>();
  readonly #places = new Map<string, number>();
  readonly #delivered = new Set<string>();
  readonly #arrivals = new Map<string, Arrivals>();
  deliveries = 0;
  duplicates = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  get events(): number {
    return this.#events.size;
  }

  sent(event: SentEvent): void {
    this.#events.set(event.id, {
      ...event,
      place: undefined,
      acceptedAt: 0,
      answered: false,
      isLate: false,
    });
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
    const { user } = this.#known(first.messageId);
    this.#messages.set(id, { stage, user, place: this.#next(`${stage} ${String(user)}`) });
    if (stage !== ROUTER) return;
    for (const { messageId } of envelope.events) {
      const event = this.#known(messageId);
      if (event.place !== undefined) continue;
      event.place = this.#next(`events ${String(user)}`);
      event.acceptedAt = now;
    }
  }

  userOf(messageId: string): number | undefined {
    return this.#messages.get(messageId)?.user;
  }

  /** A stage's work on a message is seen outside: its queue must not have given out an earlier one after a later one. */
  effect(messageId: string): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    const arrivals = this.#arrivalsAt(message.stage, message.user);
    if (message.place < arrivals.message && !this.#options.mayOvertake)
      this.#options.violation(
        `order: ${message.stage} works on message ${String(message.place)} of ${userName(message.user)} ` +
          `after message ${String(arrivals.message)}`,
      );
    arrivals.message = Math.max(arrivals.message, message.place);
  }

  /** A destination has stored an event. */
  delivered(stage: DestinationId, id: string, now: number): void {
    const event = this.#events.get(baseOf(id));
    this.deliveries += 1;
    if (event === undefined || !this.#outputs(event).includes(id)) {
      this.#options.violation(`identity: ${stage} gets an event "${id}" that nobody has sent`);
      return;
    }
    if (!destinationsOf(event.user).includes(stage))
      this.#options.violation(`routing: ${stage} gets ${id}, which is not for it`);
    if (this.#delivered.has(`${stage} ${id}`)) {
      this.duplicates += 1;
      return;
    }
    this.#delivered.add(`${stage} ${id}`);
    const place = event.place ?? -1;
    const arrivals = this.#arrivalsAt(stage, event.user);
    if (event.isLate) return;
    if (place < arrivals.event && !this.#options.mayOvertake)
      this.#options.violation(`order: ${stage} gets ${id} after a later event of ${userName(event.user)}`);
    arrivals.event = Math.max(arrivals.event, place);
    this.#options.delivered(event.user, now - event.acceptedAt, id);
  }

  recorded(record: Rejection): void {
    for (const id of idsOf(record)) {
      const event = this.#events.get(baseOf(id));
      if (event !== undefined) event.isLate = true;
    }
  }

  /** @param records what is kept of rejected and discarded events, by stage @returns events that are nowhere */
  missing(records: (stage: StageId | 'ingest') => readonly Rejection[]): readonly string[] {
    const kept = new Map<string, ReadonlySet<string>>();
    const isKept = (stage: StageId | 'ingest', id: string): boolean => {
      const ids = kept.get(stage) ?? new Set(records(stage).flatMap(idsOf));
      kept.set(stage, ids);
      return ids.has(id);
    };
    const lost: string[] = [];
    for (const event of this.#events.values()) {
      const { id, kind } = event;
      if (kind === 'bad') {
        if (event.answered && !isKept('ingest', id)) lost.push(`${id} (of which there is no record)`);
        continue;
      }
      if (event.place === undefined) {
        if (event.answered) lost.push(`${id} (which was answered 200 and is not in SQS)`);
        continue;
      }
      for (const stage of destinationsOf(event.user)) {
        for (const output of this.#outputs(event)) {
          const isThere = this.#delivered.has(`${stage} ${output}`);
          if (!isThere && !isKept(stage, output) && !isKept(ROUTER, id)) lost.push(`${output} at ${stage}`);
        }
      }
    }
    return lost;
  }

  /** What a transform makes of an event. */
  #outputs({ id, kind }: EventPlan & { readonly id: string }): readonly string[] {
    if (kind === 'filtered' || kind === 'bad') return [];
    return kind === 'split' ? [id, `${id}:1`] : [id];
  }

  #known(id: string): Known {
    const event = this.#events.get(baseOf(id));
    if (event === undefined) throw new Error(`nobody has sent ${id}`);
    return event;
  }

  #next(counter: string): number {
    const place = this.#places.get(counter) ?? 0;
    this.#places.set(counter, place + 1);
    return place;
  }

  #arrivalsAt(stage: StageId, user: number): Arrivals {
    const name = `${stage} ${String(user)}`;
    const found = this.#arrivals.get(name) ?? { message: -1, event: -1 };
    this.#arrivals.set(name, found);
    return found;
  }
}
