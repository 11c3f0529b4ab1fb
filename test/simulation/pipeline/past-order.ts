/**
 * What a replay promises: its events arrive in their order, before what their user sends when they have been parked, and all of them. By
 * stage and user.
 */
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import { eventsOf } from './missing.ts';
import { destinationsOf, userName, type DestinationId } from './plan.ts';

export interface PastEvent {
  readonly id: string;
  readonly user: number;
  /** Its place among its user's. */
  readonly place: number;
  /** No destination gets it: their transforms drop it. */
  readonly isDropped: boolean;
}

interface Line {
  /** The places of those that a replay has parked. */
  readonly parked: Set<number>;
  /** ... that were delivered, or are on record. */
  readonly settled: Set<number>;
  latest: number;
  /** By event that was sent since the beginning: the replayed ones that go before it. */
  readonly before: Map<string, readonly number[]>;
}

export class PastOrder {
  readonly #violation: (text: string) => void;
  readonly #events = new Map<string, PastEvent>();
  readonly #lines = new Map<string, Line>();

  constructor(violation: (text: string) => void) {
    this.#violation = violation;
  }

  archived(event: PastEvent): void {
    this.#events.set(event.id, event);
  }

  has(id: string): boolean {
    return this.#events.has(id);
  }

  /** Their key is parked, with a token that is younger than they are. */
  parked(stage: DestinationId, ids: readonly string[]): void {
    for (const { user, place, isDropped } of this.#found(ids))
      if (!isDropped) this.#of(stage, user).parked.add(place);
  }

  /** The destination's queue has taken an event that was sent. */
  accepted(stage: DestinationId, user: number, id: string): void {
    const { before, parked, settled } = this.#of(stage, user);
    // Of several messages that have it, any may be delivered first.
    if (!before.has(id))
      before.set(
        id,
        [...parked].filter((place) => !settled.has(place)),
      );
  }

  /** The first delivery of an event that was replayed. */
  replayed(stage: DestinationId, id: string): void {
    const event = this.#events.get(id);
    if (event === undefined) return;
    const { user, place } = event;
    const line = this.#of(stage, user);
    if (line.settled.has(place)) return;
    if (place < line.latest)
      this.#violation(`replay: ${stage} gets ${id} after a later replayed event of ${userName(user)}`);
    line.latest = Math.max(line.latest, place);
    line.settled.add(place);
  }

  /** The first delivery of an event that was sent. */
  delivered(stage: DestinationId, user: number, id: string): void {
    const { before, settled } = this.#of(stage, user);
    const late = before.get(id)?.find((place) => !settled.has(place));
    if (late !== undefined)
      this.#violation(
        `replay: ${stage} gets ${id} before replayed event ${String(late)} of ${userName(user)}, which was parked when it came`,
      );
  }

  recorded(record: Rejection): void {
    const ids = eventsOf(record).map(({ messageId }) => messageId);
    for (const event of this.#found(ids))
      this.#of(record.stage as DestinationId, event.user).settled.add(event.place);
  }

  /** @param stages into which all of it was replayed */
  missing(stages: readonly DestinationId[]): readonly string[] {
    return [...this.#events.values()].flatMap(({ id, user, place, isDropped }) =>
      stages
        .filter((stage) => !isDropped && destinationsOf(user).includes(stage))
        .filter((stage) => !this.#of(stage, user).settled.has(place))
        .map((stage) => `${id}, replayed to ${stage}`),
    );
  }

  #found(ids: readonly string[]): readonly PastEvent[] {
    return ids.flatMap((id) => this.#events.get(id) ?? []);
  }

  #of(stage: DestinationId, user: number): Line {
    const name = `${stage} ${String(user)}`;
    const line = this.#lines.get(name) ?? {
      parked: new Set(),
      settled: new Set(),
      latest: -1,
      before: new Map(),
    };
    this.#lines.set(name, line);
    return line;
  }
}
