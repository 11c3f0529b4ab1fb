/** What is measured. A scenario is a value: another one is an entry in this list. */

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Each takes all events. */
  readonly destinations: number;
  /** A transform runs in the router, and another one for each destination. */
  readonly hasTransform: boolean;
  /** Events in a request. One: it goes to `/v1/track`; more: to `/v1/batch`. */
  readonly batch: number;
  /** Each sends one request at a time. */
  readonly connections: number;
  /** How many users the events of a request belong to, if there are as many. */
  readonly usersPerRequest: number;
  readonly gzip: boolean;
  /** Requests are begun at this pace, in events a second. Undefined: as fast as they are answered. */
  readonly pace: number | undefined;
  /** How many events are sent unless the command line says otherwise. */
  readonly events: number;
  /** The scenario that differs from this one in one thing only; the report divides this one's figures by its. */
  readonly against: string | undefined;
}

const batches: Omit<Scenario, 'name' | 'about'> = {
  destinations: 1,
  hasTransform: false,
  batch: 20,
  connections: 8,
  usersPerRequest: 20,
  gzip: false,
  pace: undefined,
  events: 2_000,
  against: 'batch',
};

const single = { ...batches, batch: 1, events: 1_500 };
const oneUser = { ...batches, usersPerRequest: 1 };

/** Those that need the same system, one after another, share a start of it. */
export const SCENARIOS: readonly Scenario[] = [
  { ...single, name: 'single', about: 'one event in a request', against: undefined },
  {
    ...batches,
    name: 'steady',
    about:
      'single events at a pace that the system keeps: the latency of an event that has to wait for no other',
    batch: 1,
    pace: 50,
    events: 400,
    against: undefined,
  },
  { ...batches, name: 'batch', about: 'batches, the events of many users mixed', against: 'single' },
  {
    ...single,
    name: 'single-32',
    about: 'one event in a request, over 32 connections',
    connections: 32,
    events: 3_000,
    against: 'single',
  },
  {
    ...batches,
    name: 'batch-32',
    about: 'batches, the events of many users mixed, over 32 connections',
    connections: 32,
    events: 6_000,
  },
  { ...oneUser, name: 'one-user', about: 'batches, all events of one user: one packed message' },
  { ...batches, name: 'gzip', about: 'batches, compressed', gzip: true },
  {
    ...single,
    name: 'transform-single',
    about: 'single events, and transforms in the router and the destination',
    hasTransform: true,
    against: 'single',
  },
  {
    ...batches,
    name: 'transform-batch',
    about: 'batches, and transforms',
    hasTransform: true,
  },
  {
    ...oneUser,
    name: 'transform-one-user',
    about: 'batches of one user, and transforms',
    hasTransform: true,
    against: 'one-user',
  },
  { ...batches, name: 'two-destinations', about: 'batches, delivered twice', destinations: 2 },
];
