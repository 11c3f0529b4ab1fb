/** What events that are rejected ask of the world. */
import type { SeenRecords, Sweep } from './retention.ts';

/** An event that will not be delivered, with why; the CLI lists it. */
export interface Rejection {
  /** With `stage` and `receivedAt` the record's name: writing it again, after a crash, leaves one. */
  readonly id: string;
  /** `ingest`, the router's, or a destination's. */
  readonly stage: string;
  /** When the event was accepted; ISO 8601. Records are listed in this order. */
  readonly receivedAt: string;
  /** When it was rejected; milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
  readonly sourceId: string;
  /** The event's JSON, or its beginning. */
  readonly body: string;
  readonly sha256: string;
  readonly size: number;
  /** How many events share the record, when they are more than one: `body` is then a JSON list of them. */
  readonly count?: number;
  /** A destination's answer. */
  readonly answer?: { readonly status: number; readonly body: string };
  /** An operator took it out of a parked key; `reason` is the operator's. */
  readonly discarded?: boolean;
  /** The operator, as the request said. */
  readonly by?: string;
  /** It is what the stage's transform made of an event: sent again, it must not go through the transform again. */
  readonly transformed?: boolean;
  /** Its personal data was hidden before it was sent: sent again, that must not be done once more. */
  readonly masked?: boolean;
  /** Its order key, where the event no longer shows it: a transform may have changed the ids. */
  readonly key?: string;
  /** A later version of Sluice wrote the record in this format: it is listed, and left as it is. Never stored. */
  readonly newer?: number;
}

export interface RejectionStore {
  /** @throws InfraFault, MessageRefused */
  save(rejection: Rejection): Promise<void>;
}

/** What the operator's commands need besides. @throws InfraFault, all of them */
export interface RejectionReader {
  /**
   * By stage, in the order of acceptance. A page may have fewer than `limit` although there are more.
   * @param page `since`, `until`: of acceptance, as ISO 8601; the second is not included
   * @throws BadCursor
   */
  list(
    stage: string,
    page: {
      readonly limit: number;
      readonly cursor?: string;
      readonly since?: string;
      readonly until?: string;
    },
  ): Promise<{ readonly rejections: readonly Rejection[]; readonly cursor?: string }>;
  /** `id`: as in `Rejection`. There are few of one id, so a stage is searched. */
  find(stage: string, id: string): Promise<Rejection | undefined>;
  remove(rejection: Pick<Rejection, 'stage' | 'receivedAt' | 'id'>): Promise<void>;
  /** Unless it was written again since: its `at` is another one then. @returns whether it was removed by this call */
  removeUnchanged(rejection: Pick<Rejection, 'stage' | 'receivedAt' | 'id' | 'at'>): Promise<boolean>;
}

/** What a retention needs to remember, by stage. @throws InfraFault, all of them */
export interface RetentionStore {
  /** How far control has come with each stage's records. What cannot be read is as if control had never come there. */
  readSweeps(): Promise<ReadonlyMap<string, Sweep>>;
  /** All of them: what is not among them is forgotten. */
  saveSweeps(sweeps: ReadonlyMap<string, Sweep>): Promise<void>;
  /** Which of a stage's records an operator has seen. */
  readSeen(stage: string): Promise<SeenRecords>;
  saveSeen(stage: string, seen: SeenRecords): Promise<void>;
}
