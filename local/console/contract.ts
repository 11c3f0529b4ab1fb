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

/** Every answer but 200 has it. */
export interface ErrorAnswer {
  readonly error: string;
}
