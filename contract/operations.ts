/**
 * What an operator can ask of control, and what control answers. The command line and the local run's console invoke
 * control's function with a request as the payload, on AWS and locally alike. All times are milliseconds since 1970.
 */
import type { CanaryAnswer } from './canary.ts';
import type {
  CanaryView,
  ErasedPage,
  FoundPage,
  ParkedKeyView,
  ParkedPage,
  Person,
  RejectedPage,
  ReplayView,
  ResentPage,
} from './operator-views.ts';
import type { StageStatus, StatusReport } from './status.ts';

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
