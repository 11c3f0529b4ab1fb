/**
 * What an operator can ask of control, and what control answers. The command line and the local run's console invoke
 * control's function with a request as the payload, on AWS and locally alike. All times are milliseconds since 1970.
 */
import type { CanaryAnswer, CanaryArrival, CanaryOrders, CanaryPage } from './canary.ts';
import type { Crash } from './modes.ts';
import type { StageStatus, StatusReport } from './status.ts';

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

/** Any request may say who makes it. It is a claim: IAM decides who may ask, and CloudTrail knows who did. */
export interface Signed {
  /** In a few words; 200 characters at most. */
  readonly by?: string;
}

export type ControlRequest =
  | { readonly command: 'status' }
  /** `stage`: the router's holds every stage. */
  | { readonly command: 'hold'; readonly stage: string; readonly reason: string }
  | { readonly command: 'resume'; readonly stage: string }
  | {
      readonly command: 'parked';
      readonly stage?: string;
      readonly limit?: number;
      readonly cursor?: string;
    }
  | {
      readonly command: 'show';
      readonly stage: string;
      readonly key: string;
      readonly content?: boolean;
      readonly limit?: number;
    }
  /** Makes parked keys due immediately: one, a stage's, all. */
  | { readonly command: 'retry'; readonly stage?: string; readonly key?: string }
  /** One event, by its `messageId`, of a parked key. */
  | {
      readonly command: 'discard';
      readonly stage: string;
      readonly key: string;
      readonly messageId: string;
      readonly reason: string;
    }
  | {
      readonly command: 'rejected';
      readonly stage?: string;
      readonly content?: boolean;
      /** A person sees the answer: with a retention, these records are deleted without a warning when their time is over. */
      readonly seen?: boolean;
      readonly limit?: number;
      readonly cursor?: string;
    }
  | { readonly command: 'retry-rejected'; readonly stage: string; readonly id: string }
  /** A stage's records that match, oldest first; not those that were discarded. */
  | {
      readonly command: 'resend-rejected';
      readonly stage: string;
      /** A status that a destination answered, or a part of the reason. */
      readonly reason?: string;
      /** When the events were accepted: from, and before; ISO 8601. */
      readonly since?: string;
      readonly until?: string;
      /** Counts, and sends nothing. */
      readonly dryRun?: boolean;
      readonly limit?: number;
      readonly cursor?: string;
    }
  /** A stage's records, discarded ones among them: one by its id, or those that match. They are gone for good. */
  | {
      readonly command: 'delete-rejected';
      readonly stage: string;
      readonly id?: string;
      readonly reason?: string;
      readonly since?: string;
      readonly until?: string;
      /** Counts, and deletes nothing. */
      readonly dryRun?: boolean;
      readonly cursor?: string;
    }
  /** Where events of a person are kept: parked, rejected or discarded. What waits in a queue cannot be searched. */
  | (Person & {
      readonly command: 'find';
      readonly stage?: string;
      /** One kind alone. */
      readonly kept?: 'parked' | 'rejected';
      readonly cursor?: string;
    })
  /** What is stored of one user of a source, in all stages: one of the two ids at least. */
  | {
      readonly command: 'erase';
      readonly source: string;
      readonly userId?: string;
      readonly anonymousId?: string;
      /** Counts, and erases nothing. */
      readonly dryRun?: boolean;
      readonly cursor?: string;
    }
  /**
   * Sends archived events to a destination again: one slice of it, of as many as there is time for. `stage`, `from` and `to` begin a replay, `id`
   * continues one, and `cursor` a dry run. Times are of acceptance; ISO 8601.
   */
  | {
      readonly command: 'replay';
      readonly stage?: string;
      readonly from?: string;
      readonly to?: string;
      readonly source?: string;
      /** The name of `track` events. */
      readonly event?: string;
      readonly userId?: string;
      readonly anonymousId?: string;
      /** Milliseconds: what was archived as much later than `to` is looked at as well. Default: an hour. */
      readonly late?: number;
      readonly id?: string;
      /** Events of the slice, at most about. */
      readonly limit?: number;
      /** Counts, and parks nothing. */
      readonly dryRun?: boolean;
      readonly cursor?: string;
    }
  /** What the canary has got. `run`: of which run of checks. */
  | { readonly command: 'canary'; readonly run?: string }
  /** How the canary answers from now on, for this number of seconds at most; or that a drill has passed. */
  | {
      readonly command: 'canary-set';
      readonly answer?: CanaryAnswer;
      readonly users?: readonly string[];
      readonly seconds?: number;
      readonly drilled?: boolean;
    };

export interface ControlResults {
  readonly status: StatusReport;
  readonly hold: StageStatus;
  readonly resume: StageStatus;
  readonly parked: ParkedPage;
  readonly show: ParkedKeyView;
  /** `shut`: stages that were left out, because they forward nothing now; only when all were asked for. */
  readonly retry: { readonly keys: number; readonly shut?: readonly string[] };
  /** `left`: messages of the key that are still parked, counted up to 100. */
  readonly discard: { readonly discarded: string; readonly left: number };
  readonly rejected: RejectedPage;
  readonly 'retry-rejected': { readonly sent: number };
  readonly 'resend-rejected': ResentPage;
  readonly 'delete-rejected': {
    readonly records: number;
    readonly events: number;
    readonly cursor?: string;
  };
  readonly find: FoundPage;
  readonly erase: ErasedPage;
  readonly replay: ReplayView;
  readonly canary: CanaryView;
  readonly 'canary-set': CanaryView;
}

/** `refused`: the request cannot be carried out as it is; says what to change. */
export type ControlAnswer<Command extends keyof ControlResults = keyof ControlResults> =
  | { readonly ok: true; readonly result: ControlResults[Command] }
  | { readonly ok: false; readonly refused: string };
