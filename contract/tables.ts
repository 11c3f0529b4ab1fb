/** How the tables are cut: the template makes them so, and the adapters and the CLI read them so. */
export const TABLE = {
  /** Both tables: a partition key and a sort key, of text. */
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Seconds since 1970. Items of the state table may be removed after it; nothing relies on it. */
  expires: 'expires',
} as const;

/**
 * The partition keys. Each names the stage that it belongs to, so that a function's role is limited to the keys of its own stage by
 * `dynamodb:LeadingKeys`: a pattern is one of these with `*` for the last argument. Items that are stored keep their keys, so neither
 * the order of the parts nor the prefixes may change.
 */
export const PARTITION = {
  /** State table: a stage's mode, progress, hot keys and late crashes. */
  mode: (stage: string): string => `MODE#${stage}`,
  /** State table: the ledger of one message. */
  attempt: (stage: string, messageId: string): string => `ATTEMPT#${stage}#${messageId}`,
  /** State table: which events of an order key have come before. The router's. */
  seen: (key: string): string => `SEEN#${key}`,
  /** State table: replays, and how far each has come. Control's. */
  replays: 'REPLAYS',
  /** State table: the deletion list that replays honour. Control's. */
  erased: 'ERASED',
  /** State table: the stages that have ever been configured. Control's. */
  pipeline: 'PIPELINE',
  /** Parking table: a parked key's head and messages. Ids of stages are in lower case, so that none is `REJECTED`. */
  parked: (stage: string, key: string): string => `${stage}#${key}`,
  /** Parking table: rejected events. */
  rejected: (stage: string): string => `REJECTED#${stage}`,
  /** Of `HEAD_INDEX`: one shard of a stage's heads. */
  heads: (stage: string, shard: number | '*'): string => `${stage}#${shard}`,
} as const;

/** Where events are rejected that ingest accepted and could not read: the router records them under this name, which is no stage. */
export const INGEST = 'ingest';

/**
 * Index of the parking table that finds parked keys by when they are due. It is sparse: only `HEAD` items have
 * its attributes. It is eventually consistent, so what is found must be read again before it is touched.
 */
export const HEAD_INDEX = {
  name: 'heads',
  /** Text. */
  partitionKey: 'indexShard',
  /** Milliseconds since 1970. */
  sortKey: 'nextAttemptAt',
  /** What it has of a head besides. */
  attributes: ['key', 'failures', 'reason', 'parkedAt', 'triedEpoch'],
} as const;
