/** What the console's page and its server say to each other, besides the operator's commands (`contract/operations.ts`). */

/**
 * What the chart shows: as many values of each kind as there are intervals. `null`: nothing is known of that interval.
 */
export interface FlowSeries {
  /** Length of an interval, milliseconds. */
  readonly step: number;
  /** When each interval began, milliseconds since 1970, rising. */
  readonly at: readonly number[];
  /** Events that ingest took in within it. */
  readonly accepted: readonly (number | null)[];
  /** Events that destinations took within it; an event of two destinations counts twice. */
  readonly delivered: readonly (number | null)[];
  /** Messages in all stages' queues at its end, those in flight included. */
  readonly backlog: readonly (number | null)[];
}

export interface AlarmView {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  /** Since when it has this state, milliseconds since 1970. */
  readonly since: number;
  readonly reason: string;
}

/** Where the pipeline runs that a console shows, and what it may do there. */
export interface ConsolePlace {
  /** The stack's name on AWS; absent: the local run. */
  readonly stack?: string;
  /** Whether it offers commands that change something. */
  readonly operates: boolean;
  /** Milliseconds between two readings. */
  readonly period: number;
  /** ... and at least as long between two readings of the lists, which cost control more than the rest. */
  readonly listsPeriod: number;
  /** What a command of the command line needs to mean the same pipeline: " --stack Shop". */
  readonly options: string;
  /** The command that deploys. */
  readonly deploy: string;
}

/** What not every console has. */
export const EXTRAS = ['redeploy', 'metrics', 'alarms'] as const;
export type Extra = (typeof EXTRAS)[number];

export interface ConsoleAbout extends ConsolePlace {
  readonly has: readonly Extra[];
}

export const LOCAL_PLACE: ConsolePlace = {
  operates: true,
  period: 2_000,
  listsPeriod: 10_000,
  options: '',
  deploy: 'npx sluice redeploy',
};

/** Every answer but 200 has it. */
export interface ErrorAnswer {
  readonly error: string;
}
