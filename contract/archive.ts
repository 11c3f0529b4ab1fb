/**
 * The archive: what the router has made of each event, before any destination's filter, as lines of JSON in gzip files of a bucket.
 * A stage of its own writes it (`lambdas/deliver/destinations/archive`), and `replay` reads it. Stored lines outlive the code.
 */

/** The id of its stage. */
export const ARCHIVE = 'archive';

/** Who may get an event, beside what it says itself. */
export interface AcceptedWishes {
  /** As it was accepted, where the pipeline's transform has changed that. */
  readonly integrations?: unknown;
  readonly consentManagement?: unknown;
  /** Ids of the only destinations that its source's tracking plan sends it to, since it violates the plan. */
  readonly only?: readonly string[];
}

/** One line. Its names are the columns of the table for Athena. */
export interface ArchiveLine {
  readonly v: 1;
  /** The order key. */
  readonly key: string;
  /** Of the message that brought the event to the archive's queue: SQS's order of the key. Digits. */
  readonly sequence: string;
  /** The event's place in that message. */
  readonly place: number;
  readonly source: string;
  /** When ingest accepted it; ISO 8601. */
  readonly receivedAt: string;
  /** When it was handed to the archive; milliseconds since 1970. Of one key, later for a later message. */
  readonly archivedAt: number;
  readonly messageId: string;
  readonly type?: string;
  readonly event: object;
  readonly accepted?: AcceptedWishes;
}

/**
 * Of an event on its way to the archive: the field that holds its `AcceptedWishes`. The stage of the archive takes it out.
 */
export const WISHES = 'sluiceAccepted';

/** Seconds after which Firehose writes what it has to a file. */
export const ARCHIVE_BUFFER = 300;

/** Milliseconds: a file has nothing that was archived longer after its first record. Firehose's largest buffer, and not only ours. */
export const FILE_SPAN = 15 * 60_000;

/** A line is handed over within this time of its `archivedAt`, milliseconds: a call, and what the SDK's limits allow. */
export const HAND_OVER = 30_000;

/** The folder of an hour, below the prefix: `date=2026-01-31/hour=07/`, as Athena's partitions are named. UTC. */
export const hourFolder = (time: number): string => {
  const iso = new Date(time).toISOString();
  return `date=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/`;
};

/** As Firehose's expressions say it. */
export const HOUR_EXPRESSION = 'date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/';

const NAMED = /-(\d{4})-(\d{2})-(\d{2})-(\d{2})-(\d{2})-(\d{2})-[^/]*$/;

/** When a file's first record came, by its name, as Firehose names files; undefined: it is none of Firehose's. Milliseconds since 1970. */
export const fileBegan = (name: string): number | undefined => {
  const [, ...parts] = NAMED.exec(name) ?? [];
  const [year = NaN, month = NaN, ...rest] = parts.map(Number);
  const time = Date.UTC(year, month - 1, ...rest);
  return Number.isNaN(time) ? undefined : time;
};
