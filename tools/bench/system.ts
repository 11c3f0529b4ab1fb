/** What a benchmark can be run against. */

export interface RunningSystem {
  /** Takes RudderStack's HTTP API. */
  readonly dataPlaneUrl: string;
  readonly writeKey: string;
  /** The roots of the process trees that are measured. None: its processor time and memory are not known. */
  readonly pids: readonly number[];
  /** Whether it delivers to the benchmark's receiver. Otherwise only its answers can be measured. */
  readonly delivers: boolean;
  stop(): Promise<void>;
}

/** What a scenario needs of a system. */
export interface Needs {
  readonly destinations: number;
  /** A transform runs in the router, and another one for each destination. */
  readonly hasTransform: boolean;
}

export interface Setup extends Needs {
  /** The URLs of the destinations. */
  readonly urls: readonly string[];
}

/** Where a system delivers that was configured before the benchmark began. */
export interface Sink {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

export interface System {
  readonly name: string;
  /** Undefined: it delivers wherever it is told to when it starts. */
  readonly sink: Sink | undefined;
  fits(needs: Needs): boolean;
  /** Resolves when it takes events and delivers each to every one of the URLs. */
  start(setup: Setup): Promise<RunningSystem>;
}
