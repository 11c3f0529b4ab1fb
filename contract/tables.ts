/** How the tables are cut: the template makes them so, and the adapters and the CLI read them so. */
export const TABLE = {
  /** Both tables: a partition key and a sort key, of text. */
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Seconds since 1970. Items of the state table may be removed after it; nothing relies on it. */
  expires: 'expires',
} as const;

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
