/**
 * What the program that checks a transform (`lambdas/sandbox/check.ts`) is asked and answers. It reads a request on its standard input
 * and prints an answer on its standard output, each as one JSON document; a program that prints none has crashed itself.
 */
import type { CrashKind } from './modes.ts';

/**
 * Environment variables of the program's process, besides those that it inherits: the process that starts it may have a TypeScript loader
 * in its options. The transform sees none of them.
 * @param memoryMb of the function
 */
export const checkEnvironment = (memoryMb: number): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: '',
  // As Lambda has them.
  TZ: ':UTC',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
});

export interface CheckRequest {
  /** They run in this order, each as a message of its own. None: the module is loaded, and nothing runs. */
  readonly events: readonly CheckEvent[];
  /** Values by the names of the secrets. A secret that is left out has the value `UNAVAILABLE_SECRET`. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The text that a transform gets for a secret whose value is not known where it is checked. */
export const UNAVAILABLE_SECRET = 'not available while transforms are checked';

export interface CheckEvent {
  readonly event: CheckedEvent;
  /** Id of the source that it comes from. */
  readonly source: string;
  /** When Sluice accepted it; ISO 8601. */
  readonly receivedAt: string;
}

/** An event, as a stage has it. */
export interface CheckedEvent {
  readonly messageId: string;
  readonly [key: string]: unknown;
}

export interface CheckAnswer {
  /** Why the module does not load. No event has run then. */
  readonly load?: CheckFailure;
  /** One for each event, in order. */
  readonly runs: readonly CheckRun[];
  /** What the module printed while no event ran: while it was loaded, for example. */
  readonly printed: readonly CheckLine[];
  /** What failed after its event had been answered. */
  readonly late: readonly CheckFailure[];
}

export interface CheckRun {
  readonly eventId: string;
  /** What the transform made of the event; empty: the event was filtered out. Absent: it crashed. */
  readonly outputs?: readonly CheckedEvent[];
  readonly crash?: CheckFailure;
  readonly printed: readonly CheckLine[];
}

export interface CheckFailure {
  readonly kind: CrashKind;
  readonly error: string;
  /** Places are those of the sources, relative to the configuration; calls inside Node and Sluice are left out. */
  readonly stack?: string;
  readonly eventId?: string;
}

export interface CheckLine {
  readonly level: 'info' | 'warn';
  readonly text: string;
  /** JSON; what was given to `context.log` as the second argument. */
  readonly fields?: string;
}
