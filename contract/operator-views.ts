/** What control shows an operator. All times are milliseconds since 1970. */
import type { CanaryArrival, CanaryOrders, CanaryPage } from './canary.ts';
import type { Crash } from './modes.ts';

export interface ParkedKey {
  readonly stage: string;
  readonly key: string;
  /** Messages of it that are kept; `countIsExact` is false when there are more. */
  readonly messages: number;
  readonly countIsExact: boolean;
  readonly parkedAt: number;
  readonly nextAttemptAt: number;
  /** Failed tries in a row. */
  readonly failures: number;
  readonly reason: string;
  /** What the oldest of its messages failed with. */
  readonly crash?: Crash;
}

export interface ParkedPage {
  readonly keys: readonly ParkedKey[];
  /** Ask again with it for more. */
  readonly cursor?: string;
}

export interface ParkedMessageView {
  readonly messageId: string;
  readonly sequence: string;
  readonly acceptedAt: number;
  readonly parkedAt: number;
  /** Events of it that are finished already. */
  readonly done: number;
  /** Failed tries in a row at the event where it stands, and when the first and the last of them were. */
  readonly failures?: number;
  readonly firstFailedAt?: number;
  readonly lastFailedAt?: number;
  readonly crash?: Crash;
  readonly lastError?: string;
  /** The events as they wait, finished ones left out. Their content is in `event` only when it was asked for. */
  readonly events: readonly {
    readonly messageId: string;
    readonly type?: string;
    readonly event?: unknown;
  }[];
}

export interface ParkedKeyView {
  readonly key: ParkedKey;
  /** Oldest first. */
  readonly messages: readonly ParkedMessageView[];
  readonly more: boolean;
}

export interface RejectedEvent {
  /** Where it was rejected: `ingest`, `router` or a destination's id. */
  readonly stage: string;
  /** Names the record, for `retry-rejected`. */
  readonly id: string;
  readonly receivedAt: string;
  readonly at: number;
  readonly reason: string;
  readonly sourceId: string;
  readonly size: number;
  readonly sha256: string;
  /** How many events share the record. */
  readonly count: number;
  /** An operator discarded it, from a parked key. */
  readonly discarded: boolean;
  /** Who did, as the request said. */
  readonly by?: string;
  readonly answer?: { readonly status: number; readonly body: string };
  /** Only when it was asked for. */
  readonly body?: string;
}

export interface RejectedPage {
  readonly events: readonly RejectedEvent[];
  /** Records are deleted when they are this old; milliseconds. Absent: they are kept. */
  readonly retention?: number;
  readonly cursor?: string;
}

export interface ResentPage {
  readonly records: number;
  readonly events: number;
  /** Matching records that cannot be sent again, and why. They stay. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
  /** There are more to look at. */
  readonly cursor?: string;
}

/** What was erased, or would be: numbers of events. */
export interface ErasedPage {
  /** Events that waited in parked messages ... */
  readonly parked: number;
  /** ... and records of rejected and discarded events. */
  readonly rejected: number;
  /** Parked keys that were being tried at that moment and are as they were. */
  readonly busy: readonly { readonly stage: string; readonly key: string }[];
  /** The archive keeps its files, for as many days as it is said; absent: for good. Replays leave the user's events out. Absent: no archive. */
  readonly archive?: { readonly days?: number };
  /** There is more to look through. */
  readonly cursor?: string;
}

/** Whose events: by the ids of the event itself, one of the two at least. */
export interface Person {
  /** Absent: of any source. */
  readonly source?: string;
  readonly userId?: string;
  readonly anonymousId?: string;
}

/** A parked key that has events of the person who was asked for. */
export interface FoundKey extends ParkedKey {
  readonly source: string;
  /** Events of the person that wait in it. */
  readonly events: number;
  /** When the oldest of them was accepted. */
  readonly oldestAcceptedAt: number;
}

/** A record of rejected or discarded events of the person. */
export interface FoundRecord extends RejectedEvent {
  /** Of the `count` events that share the record. */
  readonly events: number;
}

export interface FoundPage {
  /** One may come on several pages: then `events` are to be added up. */
  readonly parked: readonly FoundKey[];
  readonly rejected: readonly FoundRecord[];
  /** The order keys that the person's ids make, of each source that is configured, or of the one that was asked for. */
  readonly keys: readonly { readonly source: string; readonly key: string }[];
  /** The sources that are configured. */
  readonly sources: readonly string[];
  /** There is more to look through. */
  readonly cursor?: string;
}

/** How far a replay has come. All numbers are of the whole replay so far, but those of a dry run, which are of the slice. */
export interface ReplayView {
  /** Continues it. Absent: it is a dry run. */
  readonly id?: string;
  /** Events that are parked for the destination, or would be ... */
  readonly events: number;
  /** ... in as many messages. */
  readonly messages: number;
  /** Selected events that the destination does not get: of a source it does not take, or by integrations, consent or its filter. */
  readonly withheld: number;
  /** Events that it would get, of people who were erased since they were accepted. Absent: of a version that had no list of them. */
  readonly erased?: number;
  readonly isDone: boolean;
  /** What of the archive is looked through: from, up to, and where it ends. */
  readonly from: number;
  readonly at: number;
  readonly end: number;
  /** Of a dry run: the ids of the first events, and how to go on. */
  readonly sample?: readonly {
    readonly messageId: string;
    readonly type?: string;
    readonly receivedAt?: string;
  }[];
  readonly cursor?: string;
}

export interface CanaryView {
  /** Of the canary's source. */
  readonly writeKey: string;
  /** Absent: it takes everything. */
  readonly orders?: CanaryOrders;
  /** Of the run that was asked for, in the order of arrival. */
  readonly arrivals: readonly CanaryArrival[];
  /** The latest last. */
  readonly pages: readonly CanaryPage[];
  /** When a drill last passed. */
  readonly drilledAt?: number;
}
