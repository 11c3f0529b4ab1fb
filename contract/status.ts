/** What control answers to `status`: each stage of the pipeline, and what waits. All times are milliseconds since 1970. */
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
  /** Absent: control is of an older version. */
  readonly queueName?: string;
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

/** Of the queue that a stage had before it was removed and added again. */
export const formerId = (stage: string, queueName: string): string => `${stage} (formerly ${queueName})`;

/** What a destination that is no longer configured has left behind. */
export interface Orphan {
  /** The destination's; of one that has another queue now, `formerId`. */
  readonly id: string;
  readonly queue: QueueCounts;
  /** Absent: control is of an older version. */
  readonly queueName?: string;
  readonly deadLetterQueueName?: string;
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
