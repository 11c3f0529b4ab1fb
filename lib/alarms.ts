/**
 * What each alarm watches, and from when on it rings.
 *
 * Those that page are what an operator must see at night: the pipeline does not take events, does not forward them, is about to
 * lose some, or could not report it. The others can wait until the morning: nothing is lost until then.
 */
import { Duration } from 'aws-cdk-lib';
import { TreatMissingData, type IMetric, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import ms from 'ms';
import type { Control } from './control.ts';
import type { IngestApi } from './ingest-api.ts';
import type { PipelineStage } from './stage.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface AlarmSpec {
  /** What is wrong, in a few words; unique in the pipeline. */
  readonly title: string;
  /** What that means. */
  readonly text: string;
  /** The anchor of its section in the runbook. */
  readonly section: string;
  /** What to look at first. @default 'status' */
  readonly command?: 'parked' | 'rejected';
  readonly page: boolean;
  readonly metric: IMetric;
  /** Fires when the metric has this value, or a higher one ... */
  readonly atLeast?: number;
  /** ... or when it is smaller than this ... */
  readonly below?: number;
  /** ... or when it is this many standard deviations away from what CloudWatch expects. One of the three is set. */
  readonly deviations?: number;
  /** CloudWatch's `evaluationPeriods` ... @default 1 */
  readonly of?: number;
  /** ... and its `datapointsToAlarm`: how many of them must be bad. @default - all */
  readonly bad?: number;
  /** @default - nothing is wrong where nothing was measured */
  readonly missing?: TreatMissingData;
}

export const degradedMode = (stage: PipelineStage): AlarmSpec => ({
  title: `${stage.stage} is in degraded mode`,
  text: `The stage ${stage.stage} does not forward normally: it is degraded, or recovering. Events are accepted and kept in order.`,
  section: 'degraded-mode',
  page: true,
  metric: stage.metricDegradedMode(),
  atLeast: 1,
  of: 6,
  bad: 1,
  // Control may be late; until it says otherwise, the mode is what it was.
  missing: TreatMissingData.IGNORE,
});

/** It is in control's log, from which CloudWatch takes it: minutes late at times, and no reason to wake anyone. */
export const heartbeat = (control: Control): AlarmSpec => ({
  title: 'control is silent',
  text: 'Control has not run for 5 minutes: nobody watches the stages, and nothing recovers automatically. Events are accepted and, where all is well, forwarded.',
  section: 'control-is-silent',
  page: true,
  metric: control.metricHeartbeat(),
  below: 1,
  of: 5,
  missing: TreatMissingData.BREACHING,
});

/** An average of 5xx is their share. Five minutes in a row, so that one bad answer in a quiet night wakes nobody. */
export const ingestErrors = (ingest: IngestApi): AlarmSpec => ({
  title: 'ingest answers 5xx',
  text: 'For 5 minutes at least 5 in 100 requests were answered with a 5xx. SDKs keep those events and try again, but not forever.',
  section: 'ingest-answers-5xx',
  page: true,
  metric: ingest.metricServerErrors({ statistic: 'Average', period: Duration.minutes(1) }),
  atLeast: 0.05,
  of: 5,
});

/** One message for a series of them; quiet is what stays quiet for a quarter of an hour. */
export const usersParked = (control: Control): AlarmSpec => ({
  title: 'users are being parked, and their stage is normal',
  text: "A stage takes many users' messages off its queue because they fail again and again, while it handles far more without trouble: someone sends poison, or the code or the destination cannot handle some users' events. Everyone else's events are delivered.",
  section: 'users-are-being-parked',
  command: 'parked',
  page: true,
  metric: control.metricUsersParked(),
  atLeast: 1,
  of: 3,
  bad: 1,
});

/** Two failed probes would degrade a stage, if messages did not get through between them. */
export const probesFailing = (control: Control): AlarmSpec => ({
  title: 'a stage fails its probes, and works',
  text: 'Two probes of a function in a row have failed, although messages get through: some of its processes cannot start, or its code fails now and then. The stage is not stopped for it.',
  section: 'a-stage-fails-its-probes',
  page: true,
  metric: control.metricProbesFailing(),
  atLeast: 1,
  of: 3,
  bad: 1,
});

export const oldestParked = (control: Control): AlarmSpec => ({
  title: 'a user is parked for an hour',
  text: "A user's events have been parked for an hour: what fails has to be fixed, or discarded. Everybody else's are delivered.",
  section: 'a-user-is-parked-for-an-hour',
  command: 'parked',
  page: false,
  metric: control.metricOldestParkedAge(),
  atLeast: HOUR,
});

/** Half of the messages in which SQS looks for users: time to act before one user's backlog hides all others. */
const LONG_QUEUE = 60_000;

export const longQueue = (control: Control): AlarmSpec => ({
  title: 'a queue is long',
  text: "More than 60,000 messages wait in the queue of a stage. SQS looks at the first 120,000 of them only: if most are one user's, all other users will wait as well. They are kept, in order.",
  section: 'a-queue-is-long',
  page: false,
  metric: control.metricQueueBacklog(),
  atLeast: LONG_QUEUE,
});

/** A message that is tried again comes up every 5 minutes or so: quiet is what stays quiet for three periods. */
const late = (metric: Metric, atLeast: number, long: string) => ({
  title: `events are ${long} late`,
  metric,
  atLeast,
  of: 3,
  bad: 1,
});

/** @param metric the age of the oldest message that was received */
export const late15Minutes = (metric: Metric): AlarmSpec => ({
  ...late(metric, 15 * MINUTE, '15 minutes'),
  text: 'Events that were accepted 15 minutes ago are not delivered yet. They are kept, in order.',
  section: 'events-are-15-minutes-late',
  page: false,
});

/** It rings at the time of the day at which the trouble began, a day later: hardly ever at night by chance. */
export const late1Day = (metric: Metric): AlarmSpec => ({
  ...late(metric, DAY, 'a day'),
  text: 'Events that were accepted a day ago are not delivered yet. They are kept, in order.',
  section: 'events-are-a-day-late',
  page: true,
});

export const late10Days = (metric: Metric): AlarmSpec => ({
  ...late(metric, 10 * DAY, '10 days'),
  text: 'Events that were accepted 10 days ago are still in a queue, and SQS deletes what is 14 days old: act now.',
  section: 'events-are-10-days-late',
  page: true,
});

export const rejectedEvents = (metric: Metric): AlarmSpec => ({
  title: 'events are rejected',
  text: 'Events were rejected: they are recorded with the reason, and will not be delivered automatically.',
  section: 'events-are-rejected',
  command: 'rejected',
  page: false,
  metric,
  atLeast: 1,
  // One message for a series of them, rather than one for each.
  of: 12,
  bad: 1,
});

/** A scanner that tries the address comes and goes; an app with a wrong key stays. */
export const wrongKeys = (metric: Metric): AlarmSpec => ({
  title: 'requests come with a wrong write key',
  text: 'For a quarter of an hour requests were answered with 401, because they have no write key or one that no source has. SDKs do not send those events again, and some delete all that they have stored.',
  section: 'requests-come-with-a-wrong-write-key',
  page: false,
  metric,
  atLeast: 10,
  of: 3,
});

export const lateCrashes = (metric: Metric): AlarmSpec => ({
  title: 'code fails late',
  text: 'A transform started something and did not await it, and that failed after the event had been answered. No event is lost, and none waits.',
  section: 'code-fails-late',
  page: false,
  metric,
  atLeast: 1,
  // One message for a series of them, rather than one for each.
  of: 12,
  bad: 1,
});

const PERIOD = 5 * MINUTE;

/** SQS counts what ingest stores. A queue that was not used for hours has no metrics. @param silence milliseconds */
export const noEvents = (router: PipelineStage, silence: number): AlarmSpec => ({
  title: 'no events come in',
  text: `For ${ms(silence, { long: true })} no event was accepted. If it is not expected, look for what is before Sluice: the SDKs' data plane URL and write keys, DNS, a certificate, a firewall.`,
  section: 'no-events-come-in',
  page: true,
  metric: router.metricMessagesSent(),
  below: 1,
  of: Math.ceil(silence / 1000 / PERIOD),
  missing: TreatMissingData.BREACHING,
});

export const unusualVolume = (router: PipelineStage): AlarmSpec => ({
  title: 'the volume of events is unusual',
  text: 'For half an hour far more or far fewer events came in than CloudWatch expects at this time. It learns from two weeks; a campaign, a release of an app or a lost source can be the reason.',
  section: 'the-volume-of-events-is-unusual',
  page: false,
  metric: router.metricMessagesSent(),
  deviations: 3,
  of: 6,
});

/** "7 days" */
const lengthOf = (milliseconds: number): string => {
  const hours = Math.floor(milliseconds / 1000 / HOUR);
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
};

/** Control may be silent for a while; until it says otherwise, they are still unseen. */
const unseen = { command: 'rejected', atLeast: 1, of: 3, bad: 1, missing: TreatMissingData.IGNORE } as const;

/** A record that nobody has seen will be deleted: told early, to be looked at by day ... @param warning milliseconds */
export const recordsExpire = (control: Control, warning: number): AlarmSpec => ({
  ...unseen,
  title: 'records expire that nobody has seen',
  text: `Within ${lengthOf(warning)}, records of rejected or discarded events are deleted, because records.retention is over, and nobody has listed them since. To list them resolves this.`,
  section: 'records-expire-that-nobody-has-seen',
  page: false,
  metric: control.metricRecordsExpiring(),
});

/** ... and again before it is too late. */
export const recordsExpireSoon = (control: Control, lastWarning: number): AlarmSpec => ({
  ...unseen,
  title: 'records that nobody has seen are about to be deleted',
  text: `Within ${lengthOf(lastWarning)}, records of rejected or discarded events are deleted that nobody has listed: those events would be lost unseen. To list them resolves this.`,
  section: 'records-that-nobody-has-seen-are-about-to-be-deleted',
  page: true,
  metric: control.metricRecordsExpiringSoon(),
});
