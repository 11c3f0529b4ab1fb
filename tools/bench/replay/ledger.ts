/**
 * What a destination gets of a replay under live traffic: what is missing, and what overtook. A live event that was sent when its user's
 * events were parked up to some time comes after all of those.
 */
import type { IssuedEvent } from '../../driver/ledger.ts';
import { Order } from '../../driver/order.ts';
import { readPastId, type Past } from './past.ts';

/** Of each, what arrived for the first time, and how often it came again. */
interface Stream {
  readonly events: number;
  readonly arrived: number;
  readonly missing: number;
  readonly repeated: number;
  /** First arrivals behind a later one of the same user. */
  readonly outOfOrder: number;
}

export interface ReplayVerdict {
  readonly past: Stream;
  readonly live: Stream;
  /** Live events that came before a replayed one that was parked when they were sent. */
  readonly tooEarly: number;
  /** Replayed events without the replay's mark, and live ones with one. */
  readonly wronglyMarked: number;
}

interface Live {
  isAccepted: boolean;
  hasArrived: boolean;
  /** How many of the user's replayed events go before it. */
  readonly behind: number;
}

class Counted {
  readonly order = new Order<number>();
  arrived = 0;
  repeated = 0;
  outOfOrder = 0;

  first(user: number, index: number): void {
    this.arrived += 1;
    if (this.order.overtakenBy(user, index) !== undefined) this.outOfOrder += 1;
  }
}

export class ReplayLedger {
  readonly #past: Past;
  readonly #replayed = new Counted();
  readonly #sent = new Counted();
  /** By number: whether it has arrived. */
  readonly #hasArrived: Uint8Array;
  /** By user. */
  readonly #arrivedOf: Uint32Array;
  readonly #live: Live[][] = [];
  #parkedUpTo = 0;
  #accepted = 0;
  #tooEarly = 0;
  #wronglyMarked = 0;
  #firstReplayed: number | undefined;
  #lastReplayed: number | undefined;

  constructor(past: Past) {
    this.#past = past;
    this.#hasArrived = new Uint8Array(past.size.events);
    this.#arrivedOf = new Uint32Array(past.size.users);
  }

  /** The next live event of a user. */
  readonly issue = (user: number): IssuedEvent => {
    const own = (this.#live[user] ??= []);
    own.push({
      isAccepted: false,
      hasArrived: false,
      behind: this.#past.countBefore(user, this.#parkedUpTo),
    });
    return { messageId: `live:${user}:${own.length - 1}`, user };
  };

  readonly accept = (messageId: string): void => {
    const { event } = this.#find(messageId) ?? {};
    if (event === undefined || event.isAccepted) return;
    event.isAccepted = true;
    this.#accepted += 1;
  };

  /** What was archived before that time is parked. */
  parked(at: number): void {
    this.#parkedUpTo = Math.max(this.#parkedUpTo, at);
  }

  /** @param isMarked as an event of this replay @param at milliseconds of any clock */
  arrive(messageId: string, isMarked: boolean, at: number): void {
    const id = readPastId(messageId);
    if (id !== undefined) this.#arriveReplayed(id, isMarked, at);
    else this.#arriveLive(messageId, isMarked);
  }

  get replayed(): number {
    return this.#replayed.arrived;
  }

  /** When the first replayed event came, and when the last so far came for the first time. */
  get times(): { readonly first: number | undefined; readonly last: number | undefined } {
    return { first: this.#firstReplayed, last: this.#lastReplayed };
  }

  get isComplete(): boolean {
    return this.#replayed.arrived >= this.#past.size.events && this.verdict().live.missing === 0;
  }

  verdict(): ReplayVerdict {
    const missing = this.#live.flat().filter((event) => event.isAccepted && !event.hasArrived).length;
    const { events } = this.#past.size;
    const of = ({ arrived, repeated, outOfOrder }: Counted) => ({ arrived, repeated, outOfOrder });
    return {
      past: { events, missing: events - this.#replayed.arrived, ...of(this.#replayed) },
      live: { events: this.#accepted, missing, ...of(this.#sent) },
      tooEarly: this.#tooEarly,
      wronglyMarked: this.#wronglyMarked,
    };
  }

  #arriveReplayed(id: number, isMarked: boolean, at: number): void {
    if (!isMarked) this.#wronglyMarked += 1;
    if (this.#hasArrived[id] === 1) {
      this.#replayed.repeated += 1;
      return;
    }
    this.#hasArrived[id] = 1;
    const { user, index } = this.#past.event(id);
    this.#arrivedOf[user] = (this.#arrivedOf[user] ?? 0) + 1;
    this.#replayed.first(user, index);
    this.#firstReplayed ??= at;
    this.#lastReplayed = at;
  }

  #arriveLive(messageId: string, isMarked: boolean): void {
    const { event, user, index } = this.#find(messageId) ?? {};
    if (event === undefined || user === undefined || index === undefined) return;
    if (isMarked) this.#wronglyMarked += 1;
    if (event.hasArrived) {
      this.#sent.repeated += 1;
      return;
    }
    event.hasArrived = true;
    this.#sent.first(user, index);
    if ((this.#arrivedOf[user] ?? 0) < event.behind) this.#tooEarly += 1;
  }

  #find(messageId: string): { event: Live; user: number; index: number } | undefined {
    const [kind, ...numbers] = messageId.split(':');
    const [user = NaN, index = NaN] = numbers.map(Number);
    const event = kind === 'live' ? this.#live[user]?.[index] : undefined;
    return event === undefined ? undefined : { event, user, index };
  }
}
