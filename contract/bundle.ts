/**
 * What a function knows from deploy time on. It is written as `bundle.json` next to the function's code, because the
 * environment of a function holds 4 KB and because accepting an event must not depend on a look-up.
 */
import type { PlanSettings } from './plan.ts';
import type {
  DeduplicationSettings,
  DegradedModeSettings,
  DestinationSettings,
  PiiSettings,
  RoutingSettings,
  SourceSettings,
  TimingSettings,
} from './settings.ts';

/** The name of the router's stage. Its mode is the system's. A destination's stage has the destination's id. */
export const ROUTER_STAGE = 'router';

/** How a stage's transform is run; its code is next to the function's (`BUNDLE_FILES`). */
export interface TransformBundle {
  /** The longest that one event may take; milliseconds. */
  readonly timeout: number;
  /** The heap that it may use; MB. */
  readonly memory: number;
  /** All that its `process.env` holds, besides the secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** By the name under which the transform gets them. */
  readonly secrets: Readonly<Record<string, { readonly secretName: string }>>;
}

interface Bundle {
  /** Content hash of the function's code, configuration left out. Crash and mode records carry it. */
  readonly codeVersion: string;
}

export interface IngestBundle extends Bundle {
  /** Of Sluice: what `/version` says. */
  readonly version: string;
  readonly sources: readonly SourceSettings[];
  readonly timing: Pick<TimingSettings, 'ingestDeadline'>;
  /** Order keys of one request, at most. */
  readonly maxKeys: number;
}

export interface RouterBundle extends Bundle {
  /** The enabled ones. */
  readonly destinations: readonly (Pick<DestinationSettings, 'id' | 'sources'> &
    RoutingSettings & {
      /** It gets all events, with what they said of who may get them as they were accepted. Absent: it is no archive. */
      readonly archive?: true;
    })[];
  readonly timing: TimingSettings;
  readonly degradedMode: DegradedModeSettings;
  /** Absent: off. */
  readonly deduplication?: DeduplicationSettings;
  /** By the ids of the sources that have a tracking plan. */
  readonly plans?: Readonly<Record<string, PlanSettings>>;
  /** Absent: events are passed on as they came. */
  readonly transform?: TransformBundle;
}

export interface DeliverBundle extends Bundle {
  readonly destination: DestinationSettings;
  /** Requests a second of one function: its part of the destination's rate. Absent: no limit. */
  readonly pace?: number;
  /** Absent: events are delivered as they came. */
  readonly transform?: TransformBundle;
  /** Absent: nothing is hashed or dropped. */
  readonly pii?: PiiSettings;
  readonly timing: TimingSettings;
  readonly degradedMode: DegradedModeSettings;
}

/** What a replay needs to know. */
export interface ArchiveBundle {
  /** Where the files' names begin. */
  readonly prefix: string;
  /** How many days the files are kept. Absent: for good, or as long as the owner of the bucket says. */
  readonly days?: number;
  /** Those that events can be replayed to, and which events each gets. */
  readonly destinations: readonly (Pick<DestinationSettings, 'id' | 'sources'> & RoutingSettings)[];
  /** The longest that a function of a destination runs; milliseconds. */
  readonly functionTime: number;
}

export interface ControlBundle extends Bundle {
  /** The router's stage first. */
  readonly stages: readonly {
    readonly id: string;
    readonly maxConcurrency: number;
    /** How many workers drain it. Absent: `degradedMode` says so. */
    readonly drainConcurrency?: number;
  }[];
  readonly degradedMode: DegradedModeSettings;
  /** For what ingest rejected: sent again, it gets the order key that ingest would have given it. */
  readonly sources: readonly Pick<SourceSettings, 'id' | 'orderBy'>[];
  /** Absent: records of rejected and discarded events are kept until an operator deletes them. */
  readonly records?: { readonly retention: number };
  /** Absent: the pipeline has no archive. */
  readonly archive?: ArchiveBundle;
  /** Absent: the pipeline has none. */
  readonly canary?: { readonly writeKey: string };
}

/** Files of a function's asset. The entry is ESM; Lambda's handler setting is `index.handler`. */
export const BUNDLE_FILES = {
  code: 'index.mjs',
  /** The user's own transform. Absent when none is configured ... */
  transform: 'transform.mjs',
  /** ... and so is the program of the thread that runs it. */
  sandbox: 'sandbox.mjs',
  /** The program of the thread that runs a destination of Segment's catalogue, and that destination. Absent for other kinds. */
  actions: 'actions.mjs',
  catalogue: 'catalogue.mjs',
  /** The router's: the validators of tracking plans. Absent when no source has one. */
  plans: 'plans.mjs',
  config: 'bundle.json',
} as const;
