/** The events of a message on their way through the transform's threads. */
import { hasExactNumber, stringify } from '../core/base/exact-json.ts';
import type { SluiceEvent } from '../core/event/event.ts';
import type { CaughtCrash, TransformJob, TransformRun } from '../core/event/transform.ts';
import { toEvents } from '../core/event/outputs.ts';
import type { JobMessage } from './protocol.ts';

export class Job {
  readonly id: number;
  /** Of the shared clock: no event is begun later. */
  readonly until: number;
  /** Where it stands in its thread; undefined while it is in none. */
  slot: number | undefined;
  /** Threads that ended under it without anybody's guilt being known. */
  unexplainedEnds = 0;
  /** It was suspected, and took long enough alone that others were tried first. */
  isDeferred = false;
  /** How long the thread has been seen alive while the event in hand did not settle; milliseconds. */
  #awake = 0;
  #awakeAt = -1;
  readonly #request: TransformJob;
  readonly #made: (readonly SluiceEvent[])[] = [];
  /** The events with numbers that the thread cannot hold as they were sent. */
  readonly #exact = new Set<SluiceEvent>();
  readonly #finish: (run: TransformRun) => void;
  #given = 0;

  constructor(id: number, request: TransformJob, until: number, finish: (run: TransformRun) => void) {
    this.id = id;
    this.until = until;
    this.#request = request;
    this.#finish = finish;
  }

  get isDone(): boolean {
    return this.#made.length === this.#request.events.length;
  }

  /** Whether it has come further since it was last given to a thread. */
  get hasAdvanced(): boolean {
    return this.#made.length > this.#given;
  }

  /** The id of the event that it stands at. */
  get eventId(): string {
    return this.#request.events[this.#made.length]?.messageId ?? '';
  }

  /** @param inHand as its thread counts events: what a thread has made may be lost with it, so that the event is a later one */
  eventIdOf(inHand: number): string {
    return this.#request.events[this.#given + inHand - 1]?.messageId ?? this.eventId;
  }

  /** What a thread is given: the next event alone, or all that are left. */
  toMessage(slot: number, destination: string | undefined, isTrial: boolean): JobMessage {
    this.slot = slot;
    this.#given = this.#made.length;
    this.#awakeAt = -1;
    const { events, sourceId: source, receivedAt } = this.#request;
    const next = events.slice(this.#given, isTrial ? this.#given + 1 : events.length);
    const json = next.map((event) => {
      const text = stringify(event);
      if (hasExactNumber(text)) this.#exact.add(event);
      return text;
    });
    return { job: this.id, slot, events: json, until: this.until, source, destination, receivedAt };
  }

  /** @param outputs of the event that it stands at, as JSON @returns false when they are no events */
  take(outputs: readonly string[]): boolean {
    const event = this.#request.events[this.#made.length];
    const source = event !== undefined && this.#exact.has(event) ? event : undefined;
    const events = toEvents(outputs, this.eventId, source);
    if (events === undefined) return false;
    this.#made.push(events);
    return true;
  }

  /** @param event in hand, as the thread counts them @returns milliseconds that it has not settled in a thread that is alive */
  awakeFor(event: number, milliseconds: number): number {
    this.#awake = event === this.#awakeAt ? this.#awake + milliseconds : 0;
    this.#awakeAt = event;
    return this.#awake;
  }

  end(): void {
    this.#finish(this.isDone ? { made: this.#made } : { made: this.#made, ended: { kind: 'no time' } });
  }

  crash(crash: CaughtCrash): void {
    this.#finish({ made: this.#made, ended: { kind: 'crash', crash } });
  }
}
