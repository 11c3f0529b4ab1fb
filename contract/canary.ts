/**
 * The canary: a source and a destination of Sluice's own, by which `npx sluice verify` tries a pipeline and touches no other event. Its
 * receiver is in the destination's function: it records what arrives, and answers as it was ordered. All times are milliseconds since 1970.
 */

/** The id of the source and of the destination. */
export const CANARY = 'canary';

/** `throw`: its code fails on an event; `refuse`: it answers 503. */
export const CANARY_ANSWERS = ['take', 'throw', 'refuse'] as const;
export type CanaryAnswer = (typeof CANARY_ANSWERS)[number];

/**
 * What `npx sluice verify --deploy` deploys in the place of the canary's destination, and takes back: the CDK context of this name has it. It
 * changes no other destination.
 */
export const CANARY_CONTEXT = 'sluice:canary';
export const CANARY_VARIANTS = ['removed', 'concurrency'] as const;
export type CanaryVariant = (typeof CANARY_VARIANTS)[number];

/** Of the canary's stage. Lambda's least: its traffic is small. */
export const CANARY_CONCURRENCY = 2;
/** ... and with `concurrency`. */
export const CANARY_OTHER_CONCURRENCY = 3;

/** How the receiver answers. They end on their own, so that a check that is cut off leaves no stage broken. */
export interface CanaryOrders {
  readonly answer: CanaryAnswer;
  /** Only to events of these users. Absent: to all. */
  readonly users?: readonly string[];
  /** From then on it takes everything. */
  readonly until: number;
}

/** One event that the receiver took. */
export interface CanaryArrival {
  /** The event's `messageId`. */
  readonly id: string;
  /** Names the delivery: a record that was written twice has it twice. */
  readonly delivery: string;
  readonly at: number;
}

/** A change of the canary's page, as a subscriber of the alarm topic got it. */
export interface CanaryPage {
  readonly state: string;
  /** When CloudWatch changed the alarm's state. */
  readonly changedAt: number;
  readonly receivedAt: number;
}

/** An event of a run of checks says which run, whose it is, and its place: the order in which it was sent. */
export interface CanaryEvent {
  readonly run: string;
  readonly user: string;
  readonly seq: number;
}

const ID = /^sluice-verify:([a-z0-9]{1,40}):([a-z0-9-]{1,40}):(\d{1,6})$/;

export const canaryMessageId = ({ run, user, seq }: CanaryEvent): string =>
  `sluice-verify:${run}:${user}:${seq}`;

/** @returns undefined for an event that no run has sent */
export const readCanaryMessageId = (messageId: string): CanaryEvent | undefined => {
  const [, run, user, seq] = ID.exec(messageId) ?? [];
  return run === undefined || user === undefined ? undefined : { run, user, seq: Number(seq) };
};

/** The alarm of the canary's stage. */
export const canaryAlarmName = (pipeline: string): string => `${pipeline}: ${CANARY} is in degraded mode`;
