/** What the parking protocol asks of its store; see `ports.ts`. `parking.ts` has the steps. */
import type { Attempt } from './ports.ts';

/** A message in the parking table. */
export interface ParkedMessage {
  /** Its place among those of its key: text that sorts as the messages are to be delivered. See `parking.ts`. */
  readonly sort: string;
  readonly id: string;
  readonly groupId: string;
  readonly body: string;
  readonly sequenceNumber: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  readonly parkedAt: number;
  /** What the ledger knew of it, and what draining it has added. */
  readonly attempt?: Attempt;
  /** How often an operator has taken events out of it; not there: never. */
  readonly edition?: number;
}

/** Its existence means that the key is parked. */
export interface Head {
  readonly key: string;
  /** Fresh at each append. */
  readonly token: string;
  readonly leaseOwner?: string;
  readonly leaseUntil?: number;
  readonly nextAttemptAt: number;
  /** Drains in a row that did not succeed; charged when the lease is taken. */
  readonly failures: number;
  /** Why the key was parked at first, for people. It also says whether the key is in trouble of its own: see `own-trouble.ts`. */
  readonly reason: string;
  readonly parkedAt: number;
  /** The stage's mode epoch when it was last tried; -1: it never was. */
  readonly triedEpoch: number;
}

/** A head as the index has it: eventually consistent, and without what is needed to touch it. */
export type HeadSummary = Pick<
  Head,
  'key' | 'nextAttemptAt' | 'failures' | 'reason' | 'parkedAt' | 'triedEpoch'
>;

/** How many parts the index of heads has for each stage; a drain worker works through one. */
export const HEAD_SHARDS = 10;

/** All writes are of single items. @throws InfraFault, all of them; a write may have taken effect anyway */
export interface ParkingStore {
  /** Strongly consistent. */
  hasMessage(stage: string, key: string, sort: string): Promise<boolean>;
  /** P1: writing it again changes nothing. */
  putMessage(stage: string, message: ParkedMessage): Promise<void>;
  /**
   * P2: gives the head a fresh token; creates it, due at `now`, when there is none; touches nothing else. A `lease` is given to a head that
   * has none.
   */
  touchHead(stage: string, key: string, touch: Touch): Promise<void>;
  /** Strongly consistent. */
  readHead(stage: string, key: string): Promise<Head | undefined>;
  /**
   * On condition that the head exists with as many `failures` as `head` has, and no lease on it is live at `now`; adds 1
   * to `failures` in the same write, unless it is a trial's.
   * @returns false when refused
   */
  takeLease(stage: string, head: Pick<Head, 'key' | 'failures'>, lease: Lease): Promise<boolean>;
  /** Ends the lease of `owner`, if it has it still, and sets the fields given. @returns false when it has it no more */
  releaseLease(
    stage: string,
    key: string,
    owner: string,
    set?: { readonly failures?: number; readonly nextAttemptAt?: number },
  ): Promise<boolean>;
  /** Sets `failures` to 0, when the key is due again, and the reason if one is given, on condition of the lease. @returns false when refused */
  resetFailures(
    stage: string,
    key: string,
    owner: string,
    set: { readonly nextAttemptAt: number; readonly reason?: string },
  ): Promise<boolean>;
  /** On condition of the lease. @returns false when refused */
  setReason(stage: string, key: string, owner: string, reason: string): Promise<boolean>;
  /** On condition that token and lease owner are unchanged. @returns false when refused */
  deleteHead(stage: string, key: string, token: string, owner: string): Promise<boolean>;
  /**
   * The oldest messages of a key; strongly consistent, in order.
   * @param after the place of a message, which may be gone: only those behind it
   */
  oldest(stage: string, key: string, limit: number, after?: string): Promise<readonly ParkedMessage[]>;
  /** The same from the key's first message on, as far as one call gives them: at least one, if there is one. */
  page(stage: string, key: string, limit: number): Promise<Page>;
  /**
   * Keeps what is known of a message's attempts, and touches nothing else. Does nothing when the message is gone, or when an operator has
   * taken events out of it since it was read: the attempt counts events.
   */
  saveAttempt(stage: string, message: ParkedMessage, attempt: Attempt): Promise<void>;
  /** Replaces a message that exists, as its next edition; does nothing when it is gone. */
  saveMessage(stage: string, message: ParkedMessage): Promise<void>;
  deleteMessage(stage: string, key: string, sort: string): Promise<void>;
  /**
   * By the index, eventually consistent: a shard's heads by `nextAttemptAt`, up to `until`.
   * @throws BadCursor
   */
  heads(
    stage: string,
    shard: number,
    page: { readonly until?: number; readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly heads: readonly HeadSummary[]; readonly cursor?: string }>;
  /** How many messages of the key there are, counted up to about `limit`. */
  countMessages(stage: string, key: string, limit: number): Promise<number>;
}

/** The oldest messages of a key, in order. */
export interface Page {
  readonly messages: readonly ParkedMessage[];
  /** False: there were no others. */
  readonly more: boolean;
}

export interface Touch {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly reason: string;
  readonly lease?: Pick<Lease, 'owner' | 'until'>;
}

export interface Lease {
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Later than the end of the function that takes it. */
  readonly until: number;
  readonly nextAttemptAt: number;
  /** The stage's mode epoch. */
  readonly triedEpoch: number;
  /** `failures` stays as it is. */
  readonly isTrial?: boolean;
}
