/** Milliseconds between two runs of control on AWS: the template's schedule. */
export const CONTROL_INTERVAL = 60_000;

/** Names of the environment variables that the template sets and the functions read. */
export const ENV = {
  /** URL of `events.fifo`: ingest sends to it. */
  eventsQueueUrl: 'SLUICE_EVENTS_QUEUE_URL',
  /** URL of the queue that the function's own mapping reads. */
  stageQueueUrl: 'SLUICE_STAGE_QUEUE_URL',
  /** ARN of that queue's dead-letter queue, which the same function takes in. */
  deadLetterQueueArn: 'SLUICE_DEAD_LETTER_QUEUE_ARN',
  /** ARN of the topic to which changes of mode are published. */
  flipTopicArn: 'SLUICE_FLIP_TOPIC_ARN',
  /** Names the pipeline in metrics and alerts, since an account may have several: the construct's path. */
  pipeline: 'SLUICE_PIPELINE',
  /** How an operator names the pipeline on the command line: the stack's name. */
  stackName: 'SLUICE_STACK_NAME',
  /** The router's: names of the destinations' queues, aligned with its bundle's `destinations` (see `aligned-list.ts`). */
  destinationQueueNames: 'SLUICE_DESTINATION_QUEUE_NAMES',
  /** Of a destination that is a resource of AWS: its ARN. */
  destinationArn: 'SLUICE_DESTINATION_ARN',
  /** Control's: the name of the archive's bucket. Unset without an archive. */
  archiveBucket: 'SLUICE_ARCHIVE_BUCKET',
  /** Table of modes and attempts. */
  stateTable: 'SLUICE_STATE_TABLE',
  /** Table of what is parked and what is rejected. */
  parkingTable: 'SLUICE_PARKING_TABLE',
  /**
   * Control's: the ids of the stages' event source mappings, aligned with its bundle's `stages`. They are all it knows
   * of the stages, because an environment holds 4 KB and the names of all functions and queues do not fit: a mapping,
   * which control reads in each run anyway, names its function and its queue (`FunctionArn`, `EventSourceArn`), and the
   * queue's `RedrivePolicy` names the dead-letter queue.
   */
  mappingIds: 'SLUICE_MAPPING_IDS',
  /** What stands before a queue's name in its URL, with a slash at the end. */
  queuesUrl: 'SLUICE_QUEUES_URL',
  /**
   * Every stage's and control's: milliseconds between two runs of control, where they are not `CONTROL_INTERVAL` (set by the local run
   * alone).
   */
  controlInterval: 'SLUICE_CONTROL_INTERVAL_MS',
  /**
   * Networks to which deliver may send although they are not public: `loopback` (set by the local run alone) or unset.
   */
  allowNetwork: 'SLUICE_ALLOW_NETWORK',
  /**
   * The origin that gets all requests of destinations of Segment's catalogue, in place of the services' own (set by the local run alone)
   * or unset.
   */
  actionsOrigin: 'SLUICE_ACTIONS_ORIGIN',
} as const;

/** Of a function's environment. @throws Error for what is not a length of time */
export const readControlInterval = (env: Readonly<Record<string, string | undefined>>): number => {
  const text = env[ENV.controlInterval];
  if (text === undefined || text === '') return CONTROL_INTERVAL;
  const interval = Number(text);
  if (Number.isInteger(interval) && interval > 0) return interval;
  throw new Error(`${ENV.controlInterval}: ${JSON.stringify(text)} is not a number of milliseconds`);
};
