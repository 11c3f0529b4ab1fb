/** What a benchmark can be run against. */

export interface RunningSystem {
  /** Takes RudderStack's HTTP API. */
  readonly dataPlaneUrl: string;
  readonly writeKey: string;
  /** The root of the processes that are measured. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Setup {
  /** URLs. */
  readonly destinations: readonly string[];
  /** A transform runs in the router, and another one for each destination. */
  readonly hasTransform: boolean;
}

export interface System {
  readonly name: string;
  /** Resolves when it takes events and delivers each to every one of the URLs. */
  start(setup: Setup): Promise<RunningSystem>;
}
