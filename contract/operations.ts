/**
 * What an operator can ask of control, and what control answers. The command line and the local run's console invoke
 * control's function with a request as the payload, on AWS and locally alike. All times are milliseconds since 1970.
 */
import type { Crash, HotKey, LastFailure, LateCrashes, ModeChange, ModeName, Waiting } from './modes.ts';

/** What happens to a stage next, as a clause without its time: "the pause ends, and recovery starts". */
export interface NextStep {
  readonly text: string;
  /** Absent when the time is not known, or when an operator has to act. */
  readonly at?: number;
}

export interface StageStatus {
  /** `router`, or a destination's id. */
  readonly id: string;
  readonly mode: ModeName;
  readonly held: boolean;
  /** It is blocked: the stage or the system is degraded or held. */
  readonly shut: boolean;
  readonly epoch: number;
  /** Since when it has this mode. Absent: always. */
  readonly since?: number;
  /** Since when it has not been forwarding normally, for any reason. */
  readonly troubledSince?: number;
  readonly reason: string;
  /** A degraded stage tries again then. */
  readonly pauseUntil?: number;
  /** Of a recovering stage: messages processed since it began to recover. */
  readonly successes: number;
  /** Redrives within the window. */
  readonly redrives: number;
  readonly spill: boolean;
  /** 1 while the stage's page is open: unless it is normal, and for a while after a relapse. */
  readonly gauge: 0 | 1;
  /** Of a normal stage whose page is still open: until when at least. */
  readonly gaugeUntil?: number;
  /** Probes in a row that failed, counted up to two. */
  readonly probeFailures: number;
  readonly waiting: Waiting;
  /** When an event was last delivered, and when one was last filtered out while deliveries worked. Up to a minute late. */
  readonly progress: { readonly deliveredAt?: number; readonly filteredAt?: number };
  /** The code that answers probes, and when it did so first: about when it was deployed. */
  readonly code?: { readonly version: string; readonly since: number };
  /** The most important first. */
  readonly next: readonly NextStep[];
  readonly lastCrash?: Crash;
  /** A delivery that failed, and may succeed later. */
  readonly lastFailure?: LastFailure;
  /** AWS does not let the stage work: a permission, a resource or a secret is missing. */
  readonly lastRefusal?: LastFailure;
  /** An event that will never be taken. */
  readonly lastRejection?: LastFailure;
  readonly lateCrashes?: LateCrashes;
  /** The keys with the largest backlogs in its queue, the largest first. Absent: none is behind. */
  readonly hotKeys?: readonly HotKey[];
  /** The latest last. */
  readonly history: readonly ModeChange[];
  /** The event source mapping's state and concurrency, as Lambda reports them. */
  readonly mapping: { readonly state: string; readonly maximumConcurrency?: number };
  readonly queue: QueueCounts;
  readonly deadLetters: number;
  readonly parkedKeys: number;
  readonly oldestParkedAt?: number;
}

export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  /** Sent with a delay that is not over. Absent: none. */
  readonly delayed?: number;
}

/** What a destination that is no longer configured has left behind. */
export interface Orphan {
  readonly id: string;
  readonly queue: QueueCounts;
  readonly deadLetters: number;
  readonly parkedKeys: number;
}

/** Records of a stage that will be deleted soon: their retention is nearly over. */
export interface ExpiringRecords {
  /** `ingest`, or a stage's id. */
  readonly stage: string;
  readonly records: number;
  /** Of them: that no operator has listed. */
  readonly unseen: number;
  /** When the first of them is deleted. */
  readonly next: number;
}

export interface StatusReport {
  readonly pipeline: string;
  readonly at: number;
  /** The router's first; its mode is the system's. */
  readonly stages: readonly StageStatus[];
  readonly orphans: readonly Orphan[];
  /** With a retention of records: those that will be deleted soon. Up to some hours late. */
  readonly expiring?: readonly ExpiringRecords[];
}

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
  /** There is more to look through. */
  readonly cursor?: string;
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
  /** What is stored of one user of a source, in all stages: one of the two ids at least. */
  | {
      readonly command: 'erase';
      readonly source: string;
      readonly userId?: string;
      readonly anonymousId?: string;
      /** Counts, and erases nothing. */
      readonly dryRun?: boolean;
      readonly cursor?: string;
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
  readonly erase: ErasedPage;
}

/** `refused`: the request cannot be carried out as it is; says what to change. */
export type ControlAnswer<Command extends keyof ControlResults = keyof ControlResults> =
  | { readonly ok: true; readonly result: ControlResults[Command] }
  | { readonly ok: false; readonly refused: string };
