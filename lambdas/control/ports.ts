/** What control knows and asks of the world, besides the core's ports. */
import type { CanaryArrival, CanaryOrders, CanaryPage } from '../../contract/canary.ts';
import type { DrainWork } from '../core/stage/command.ts';
import type { OrderBy } from '../../contract/settings.ts';
import type { MappingChange, MappingState } from '../core/mode/mapping.ts';
import type { ModeRecord } from '../core/mode/record.ts';
import type { ModeSettings, Probe } from '../core/mode/machine.ts';
import type { ParkingStore } from '../core/stage/parking-port.ts';
import type { HotKeyStore } from '../core/stage/ports.ts';
import type {
  Announcement,
  Announcer,
  LateCrashStore,
  ModeStore,
  StageRegistry,
} from '../core/mode/ports.ts';
import type { Clock } from '../core/base/clock.ts';
import type { QueueSender } from '../core/base/messages.ts';
import type { Archive } from '../core/stage/replay-port.ts';
import type { SeenIdsStore } from '../core/event/seen-ids.ts';
import type { RejectionReader, RejectionStore, RetentionStore } from '../core/event/ports.ts';

export interface ControlledStage {
  /** `router`, or a destination's id. */
  readonly id: string;
  readonly mappingId: string;
  /** The mapping's, in normal mode. */
  readonly maxConcurrency: number;
  /** How many workers drain it; not there: as the deps say. */
  readonly drainConcurrency?: number;
}

/** What a stage's mapping connects. */
export interface StageNames {
  readonly functionName: string;
  readonly queueName: string;
}

/** A stage's mapping, and what Lambda says of it. */
export interface StageMapping extends MappingState, StageNames {
  /** What keeps it from invoking the function, in Lambda's words; absent when Lambda says nothing of the kind. */
  readonly trouble?: string;
}

export interface Mappings {
  /** @throws InfraFault */
  read(id: string): Promise<StageMapping>;
  /** @returns false when the mapping is in transition and refuses the change @throws InfraFault */
  update(id: string, change: MappingChange): Promise<boolean>;
}

/** It is not known whether the function works: it was throttled, Lambda refused to invoke it, or AWS failed. */
export interface NoProbe {
  readonly kind: 'unknown';
  /** What keeps the function from being invoked, for people; absent when Lambda could not be asked. */
  readonly why?: string;
}

export interface StageFunctions {
  probe(functionName: string): Promise<Probe | NoProbe>;
  /** Returns when Lambda has taken the order; it does not wait for the work. @throws InfraFault */
  startTrial(functionName: string): Promise<void>;
  /** Returns when Lambda has taken the order; it does not wait for the work. @throws InfraFault */
  startDrain(functionName: string, work: DrainWork): Promise<void>;
}

/** Approximate, as SQS's counts are. */
export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  /** Sent with a delay that is not over. Absent: none. */
  readonly delayed?: number;
}

export interface QueueCounter {
  /** @returns undefined when there is no such queue @throws InfraFault */
  read(queueName: string): Promise<QueueCounts | undefined>;
  /** @returns undefined when there is no such queue @throws InfraFault */
  deadLetterQueueName(queueName: string): Promise<string | undefined>;
}

export interface MetricDatum {
  readonly name:
    | 'DegradedMode'
    | 'Heartbeat'
    | 'ParkedKeys'
    | 'OldestParkedAge'
    | 'QueueBacklog'
    | 'KeyBacklog'
    | 'OldestMessageAge'
    | 'UsersParked'
    | 'ProbesFailing'
    | 'RecordsExpiring'
    | 'RecordsExpiringSoon'
    | 'DaysSinceDrill';
  readonly value: number;
  readonly unit?: 'Seconds' | 'Count';
  readonly dimensions: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Seconds. */
  readonly resolution: 1 | 60;
}

export interface Metrics {
  /** @throws InfraFault */
  put(data: readonly MetricDatum[]): Promise<void>;
}

export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

/** How long records of rejected and discarded events are kept. */
export interface Retention {
  /** Milliseconds. */
  readonly time: number;
  readonly store: RetentionStore;
}

/** What the canary keeps: `contract/canary.ts`. */
export interface CanaryStore {
  /** @throws InfraFault */
  readSettings(): Promise<{ readonly orders?: CanaryOrders; readonly drilledAt?: number }>;
  /** @throws InfraFault */
  order(orders: CanaryOrders): Promise<void>;
  /** @throws InfraFault */
  noteDrill(at: number): Promise<void>;
  /** @throws InfraFault */
  readArrivals(run: string): Promise<readonly CanaryArrival[]>;
  /** The latest last. @throws InfraFault */
  readPages(): Promise<readonly CanaryPage[]>;
  /** @throws InfraFault */
  addPage(page: CanaryPage): Promise<void>;
}

export interface ControlDeps {
  /** Who makes the request, as the request says. */
  readonly by?: string;
  readonly pipeline: string;
  /** In the order in which `status` lists them: the router's first. */
  readonly stages: readonly ControlledStage[];
  readonly settings: ModeSettings;
  /** How many drain workers of a stage are started at the same time. */
  readonly drainConcurrency?: number | undefined;
  readonly modes: ModeStore;
  readonly lateCrashes: Pick<LateCrashStore, 'readLateCrashes'>;
  readonly hotKeys: Pick<HotKeyStore, 'readHotKeys'>;
  readonly parking: ParkingStore;
  readonly rejections: RejectionStore & RejectionReader;
  /** Absent: records are kept until an operator deletes them. */
  readonly retention?: Retention | undefined;
  /** Absent: the pipeline has none. */
  readonly archive?: Archive | undefined;
  /** Absent: the pipeline has none. */
  readonly canary?: { readonly writeKey: string; readonly store: CanaryStore } | undefined;
  readonly seen: Pick<SeenIdsStore, 'save'>;
  readonly registry: StageRegistry;
  readonly mappings: Mappings;
  /** By mapping id: what was last read of them, kept while the function's process lives. */
  readonly names: Map<string, StageNames>;
  readonly functions: StageFunctions;
  readonly counts: QueueCounter;
  readonly metrics: Metrics;
  readonly announcer: Announcer;
  readonly announcement: (stage: string, record: ModeRecord) => Announcement;
  /** By the source's id. A source that was removed has none. */
  readonly orderByOf: ReadonlyMap<string, OrderBy>;
  /** Sends to the queue of that name. */
  readonly sender: (queueName: string) => QueueSender;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Names a write of a mode. */
  readonly uuid: () => string;
  /** Milliseconds until the function is killed. */
  readonly timeLeft: () => number;
  readonly log: Log;
}
