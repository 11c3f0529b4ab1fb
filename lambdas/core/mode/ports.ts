/** What the mode of a stage asks of the world. `lambdas/aws` has an adapter for each; tests and the simulation have their own. */
import type { Crash, LastFailure, LateCrashes, Waiting } from '../../../contract/modes.ts';
import type { ModeRecord, StageProgress } from './record.ts';

/** What a decision about a mode goes by. */
export interface StoredStage {
  readonly own: ModeRecord;
  /** The router's; for the router itself the same as `own`. */
  readonly system: ModeRecord;
  readonly progress: StageProgress;
}

export interface ModeStore {
  /**
   * The record of each of these stages, by its id, strongly consistent: `NORMAL` where nothing is stored, `UNREADABLE` for what is
   * not a mode, or a later version's. @throws InfraFault
   */
  readModes(stages: readonly string[]): Promise<ReadonlyMap<string, ModeRecord>>;
  /** As `readModes`, with the stage's progress, in one strongly consistent read. @throws InfraFault */
  readStored(stage: string, routerStage: string): Promise<StoredStage>;
  /**
   * Writes `next` on condition that the stored item still has the `rev` of `previous`.
   * @param next its `rev` is the new one
   * @returns false when it was changed in the meantime
   * @throws InfraFault; the write may have taken effect anyway
   */
  writeMode(stage: string, next: ModeRecord, previous: ModeRecord): Promise<boolean>;
}

export interface LateCrashStore {
  /** Adds to what is stored of the stage, which is forgotten a week after its last addition. @throws InfraFault */
  addLateCrashes(stage: string, crashes: Pick<LateCrashes, 'count' | 'last'>): Promise<void>;
  /** By stage id, those of these stages that have any. @throws InfraFault */
  readLateCrashes(stages: readonly string[]): Promise<ReadonlyMap<string, LateCrashes>>;
}

/** What a stage leaves behind in SQS when it is removed from the configuration. */
export interface StageQueues {
  readonly queueName: string;
  readonly deadLetterQueueName: string;
}

/** Every stage that was ever deployed: by it orphans are found. */
export interface StageRegistry {
  /** By stage id. @throws InfraFault */
  read(): Promise<ReadonlyMap<string, StageQueues>>;
  /** Adds stages, or replaces what is known of them; others stay. Safe to repeat. @throws InfraFault */
  save(stages: ReadonlyMap<string, StageQueues>): Promise<void>;
}

/** A change of mode as it is published, for programs. */
export interface Announcement {
  /** For people, in short lines. The first is in RudderStack's words; the others say why, what waits, and what to do. */
  readonly text: string;
  readonly pipeline: string;
  readonly stage: string;
  readonly mode: ModeRecord['mode'];
  readonly epoch: number;
  /** ISO 8601. */
  readonly since: string;
  readonly reason: string;
  /** The last of each kind, however long ago; their times are milliseconds since 1970. */
  readonly lastCrash?: Crash;
  readonly lastFailure?: LastFailure;
  readonly lastRefusal?: LastFailure;
  readonly lastRejection?: LastFailure;
  /** The code that answers probes. `since`: when it did so first; ISO 8601. */
  readonly code?: { readonly version: string; readonly since: string };
  /** As control last saw it. */
  readonly waiting?: Waiting;
  /** What happens next; `at`: ISO 8601. */
  readonly next: readonly { readonly text: string; readonly at?: string }[];
  /** What shows more. */
  readonly command: string;
}

export interface Announcer {
  /** @throws InfraFault */
  announce(announcement: Announcement): Promise<void>;
}
