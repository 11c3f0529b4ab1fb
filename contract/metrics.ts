/** Names of the metrics that the functions write and the template's alarms read. */
export const METRICS = {
  namespace: 'Sluice',
  /** Dimensions. */
  pipeline: 'Pipeline',
  stage: 'Stage',
  /** 1 unless the stage's mode is normal; of each stage. From control. */
  degradedMode: 'DegradedMode',
  /** Once in each of control's runs by the minute; of the pipeline. */
  heartbeat: 'Heartbeat',
  /** Parked users; of each stage and of the pipeline. From control. */
  parkedKeys: 'ParkedKeys',
  /** Seconds since the user that is parked longest was parked; of each stage and of the pipeline. From control. */
  oldestParkedAge: 'OldestParkedAge',
  /**
   * Seconds that messages have waited; of each stage and of the pipeline. From the stages, for the oldest of a batch; from
   * control for a stage that is blocked.
   */
  oldestMessageAge: 'OldestMessageAge',
  /** Messages in the longest queue of a stage; of the pipeline. From control. */
  queueBacklog: 'QueueBacklog',
  /** About how many of them are of one user: the most, of each stage and of the pipeline. From control. */
  keyBacklog: 'KeyBacklog',
  /** Stages that are normal and have parked many users within `window`; of the pipeline. From control. */
  usersParked: 'UsersParked',
  /** Stages that are normal although two probes in a row failed; of the pipeline. From control. */
  probesFailing: 'ProbesFailing',
  /** Requests that ingest answered with 401: without a write key, or with one that no source has; of the pipeline. From ingest. */
  requestsUnauthorized: 'RequestsUnauthorized',
  /** Of each stage and of the pipeline. */
  eventsRejected: 'EventsRejected',
  /** Records that nobody has seen and that will be deleted within the warning period; of the pipeline. From control, with a retention. */
  recordsExpiring: 'RecordsExpiring',
  /** ... within the last third of it. */
  recordsExpiringSoon: 'RecordsExpiringSoon',
  /** Days since `npx sluice verify --drill` last passed; of the pipeline. From control, with a canary, once one has. */
  daysSinceDrill: 'DaysSinceDrill',
  /** Failures of a transform after the event had been answered; of each stage and of the pipeline. From the stages. */
  lateCrashes: 'LateCrashes',
} as const;
