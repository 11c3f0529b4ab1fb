/** What a sandbox is given, and what it reports besides what its caller waits for. */
import type { Failure } from './protocol.ts';
import type { ThreadOptions } from './thread.ts';

export interface SandboxOptions extends ThreadOptions {
  /** The destination's id, for the transform; undefined in the router. */
  readonly destination: string | undefined;
  /** The longest that one event may take; milliseconds. */
  readonly timeout: number;
  /** The longest that the module may take to load; milliseconds. */
  readonly loadTimeout: number;
  /** The values of the secrets, by the names under which the transform gets them. @throws InfraFault */
  readonly secrets: () => Promise<Readonly<Record<string, string>>>;
  readonly onLog: (line: LogLine) => void;
  readonly onLate: (late: LateFailure) => void;
  /** The thread has run out of memory after this number of events; which of them needs it alone, if any, is tried next. */
  readonly onLeak: (events: number) => void;
  /** A thread runs on although it was told to end: see `Abandoned`. */
  readonly onAbandoned: () => void;
}

/** The longest that a module may take to load; control waits 10 seconds for the answer to a probe. Milliseconds. */
const LOAD_LIMIT = 8_000;

/** @param functionTimeout milliseconds @returns `loadTimeout` in that function */
export const loadTimeoutIn = (functionTimeout: number): number => Math.min(LOAD_LIMIT, functionTimeout / 3);

export interface LogLine {
  readonly level: 'info' | 'warn';
  readonly eventId?: string;
  readonly text: string;
  /** JSON. */
  readonly fields?: string;
}

export interface LateFailure extends Failure {
  readonly eventId?: string;
}
