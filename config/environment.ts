/** Names of the environment variables that the template sets and the functions read. */
export const ENV = {
  /** URL of `events.fifo`: ingest sends to it. */
  eventsQueueUrl: 'SLUICE_EVENTS_QUEUE_URL',
  /** URL of the queue that the function's own mapping reads. */
  stageQueueUrl: 'SLUICE_STAGE_QUEUE_URL',
  /** The router's: names of the destinations' queues, aligned with its bundle's `destinations` (see `aligned-list.ts`). */
  destinationQueueNames: 'SLUICE_DESTINATION_QUEUE_NAMES',
  /** Table of modes and attempts. */
  stateTable: 'SLUICE_STATE_TABLE',
  /** Table of what is parked and what is rejected. */
  parkingTable: 'SLUICE_PARKING_TABLE',
  /** Control's: the event source mappings' ids, aligned with its bundle's `stages`. */
  mappingIds: 'SLUICE_MAPPING_IDS',
  /**
   * Networks to which deliver may send although they are not public: `loopback` (set by the local run alone) or unset.
   */
  allowNetwork: 'SLUICE_ALLOW_NETWORK',
} as const;
