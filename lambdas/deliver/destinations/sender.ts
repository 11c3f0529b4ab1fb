/**
 * What a kind of destination is to the work on a message: it takes events of one user and says what became of them. Order, progress,
 * records of rejected events and the ledger are not its concern (`delivery.ts`).
 */
import type { SluiceEvent } from '../../core/event/event.ts';

/** One event to send. */
export interface Outgoing {
  readonly sourceId: string;
  /** The order key: of all events of one call the same. */
  readonly key: string;
  /** Where it stands: its SQS message, the event in it, the output of that event. The same in every attempt. */
  readonly place: string;
  readonly content: SluiceEvent;
  /** Where it comes from; a delivery always says it. */
  readonly origin?: Origin;
}

export interface Origin {
  /** When ingest accepted it; ISO 8601. */
  readonly receivedAt: string;
  /** Of its SQS message: the order of the key. */
  readonly sequence: string;
  /** The event of the message that it was made of. */
  readonly index: number;
}

export type Verdict =
  | { readonly kind: 'delivered' }
  /** It is none of those that the destination takes: nothing was sent. */
  | { readonly kind: 'filtered' }
  /**
   * It may be taken later. `retryAfter`: milliseconds that the destination asked us to wait; `pause`: the same, of all that is sent to it,
   * since it is the destination that has too much to do.
   */
  | {
      readonly kind: 'retry';
      readonly reason: string;
      readonly retryAfter?: number;
      readonly pause?: number;
    }
  /**
   * A moved or locked door rather than a bad event: retried too, because a key that was rotated must not empty the
   * stream into the rejected. It is given up only for a key in trouble of its own. No `answer`: nobody was asked.
   */
  | {
      readonly kind: 'closed';
      readonly reason: string;
      readonly retryAfter?: number;
      readonly answer?: RefusalAnswer;
    }
  /**
   * It will never be taken. `unsent`: the event lacks what a request needs, so that the destination was not asked. Then it says as much of
   * the destination as an event that was filtered out.
   */
  | {
      readonly kind: 'rejected';
      readonly reason: string;
      readonly answer?: RefusalAnswer;
      readonly unsent?: true;
    };

export interface RefusalAnswer {
  readonly status: number;
  /** The first 4 KB. */
  readonly body: string;
}

export type Verdicts =
  /** The destination judges what it gets in one call as a whole. Where it refuses several events, each is sent again alone. */
  | { readonly kind: 'whole'; readonly verdict: Verdict }
  /** It judges each event: a verdict for each, in order, and none for those at the end that there was no time to send. */
  | { readonly kind: 'each'; readonly verdicts: readonly Verdict[] };

export interface Sender {
  /** Events of one call, at most. 1 where events could change places in a call of several. */
  readonly batch: number;
  /** Only events of which it says the same share a call. Not there: any may. */
  readonly togetherBy?: (event: Outgoing) => string;
  /**
   * It begins nothing that does not end within the time left, with what is needed to record what came of it (`room.ts`).
   * @param events at least one, at most `batch`, in their order
   * @param timeLeft milliseconds until the function is killed
   * @returns undefined when there was no time to begin
   * @throws AccessFault where AWS lets us do nothing until an operator changes something; InfraFault, MessageRefused
   */
  readonly send: (events: readonly Outgoing[], timeLeft: () => number) => Promise<Verdicts | undefined>;
}
