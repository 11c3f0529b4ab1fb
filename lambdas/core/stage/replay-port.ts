/** What a replay asks of the archive, and of what is kept of replays. Times are milliseconds since 1970. */
import type { ArchiveBundle } from '../../../contract/bundle.ts';

export interface ArchiveFile {
  readonly name: string;
  /** Its first record came then. It has none that came `FILE_SPAN` later. */
  readonly began: number;
}

export interface ArchiveFiles {
  /** Those that may have what came within that time, in any order. @throws InfraFault */
  files(range: { readonly from: number; readonly until: number }): Promise<readonly ArchiveFile[]>;
  /** @throws InfraFault */
  lines(file: ArchiveFile): AsyncIterable<string>;
}

/** Which events. */
export interface Selection {
  /** When they were accepted: from, and before. */
  readonly from: number;
  readonly to: number;
  readonly source?: string;
  /** A `track` event's name. */
  readonly event?: string;
  readonly userId?: string;
  readonly anonymousId?: string;
}

/** How far a replay has come: what is archived before `at` has been looked at. */
export interface Position {
  readonly at: number;
  /** The part after `at` that is being parked: it is read again up to here ... */
  readonly until?: number;
  /** ... and what sorts up to here has been parked. */
  readonly after?: string;
}

/** Numbers of events, but for `messages`. */
export interface Counts {
  /** That are selected, and that the destination gets. */
  readonly events: number;
  readonly messages: number;
  /** That are selected, and that it does not get. */
  readonly withheld: number;
  /** That it would get, and that are of people who were erased since they were accepted. */
  readonly erased: number;
}

export interface ReplayRecord {
  readonly id: string;
  readonly stage: string;
  readonly selection: Selection;
  /** What is archived later is not looked at. */
  readonly end: number;
  readonly position: Position;
  readonly counts: Counts;
  readonly startedAt: number;
  readonly by?: string;
  /** Counts up with each write. */
  readonly rev: number;
}

export interface ReplayStore {
  /** Strongly consistent. @throws InfraFault */
  read(id: string): Promise<ReplayRecord | undefined>;
  /** On condition that nobody has written it since `rev - 1`. @returns false when refused @throws InfraFault */
  save(record: ReplayRecord): Promise<boolean>;
}

/** An entry of the deletion list: of one `erase`. */
export interface Erasure {
  /** Hashes of the ids; `control/replay/erased.ts` makes them. */
  readonly names: readonly string[];
  /** What was accepted before then is erased. */
  readonly at: number;
}

/** The deletion list. @throws InfraFault, both */
export interface ErasureStore {
  /** @param expires from then on the entry may be removed; undefined: never */
  add(erasure: Erasure, expires?: number): Promise<void>;
  /** Those of that time and later. Strongly consistent. */
  since(at: number): Promise<readonly Erasure[]>;
}

/** What a pipeline with an archive has for replays. */
export interface Archive {
  readonly files: ArchiveFiles;
  readonly replays: ReplayStore;
  readonly erasures: ErasureStore;
  /** How many days its files are kept. Absent: for good, or as long as the owner of the bucket says. */
  readonly days?: number | undefined;
  /** The destinations, and which events each gets. */
  readonly destinations: ArchiveBundle['destinations'];
  readonly functionTime: number;
}
