/** The user's own code, as a stage sees it: something that makes events of events, and may fail on any of them. */
import type { SluiceEvent } from './event.ts';
import type { CrashKind } from '../../../contract/modes.ts';

/** A failure of the user's code that was caught. All of it is text that is safe to keep and to show. */
export interface CaughtCrash {
  readonly kind: Extract<CrashKind, 'throw' | 'exit' | 'timeout' | 'memory' | 'load'>;
  readonly error: string;
  readonly stack?: string;
  /** The `messageId` of the event at which it failed; absent where it is no event's fault. */
  readonly eventId?: string;
}

/** The events of one message, or of its rest. */
export interface TransformJob {
  readonly sourceId: string;
  /** ISO 8601. */
  readonly receivedAt: string;
  readonly events: readonly SluiceEvent[];
  /** How long from now on further events may be begun; milliseconds. With none left, no event is begun. */
  readonly time: number;
}

export interface TransformRun {
  /** What was made of each event, in order, none where it was filtered out; as many lists as events were finished. */
  readonly made: readonly (readonly SluiceEvent[])[];
  /** Why it ended before the last event; absent when it did not. */
  readonly ended?: { readonly kind: 'no time' } | { readonly kind: 'crash'; readonly crash: CaughtCrash };
}

export interface Transforms {
  /** The longest that one event may take, and so what must be left when it begins; milliseconds. */
  readonly timeout: number;
  /** Runs the events of a job one after another; jobs run in parallel. @throws InfraFault before any event was begun */
  run(job: TransformJob): Promise<TransformRun>;
  /** Whether the code can be loaded. @returns why not @throws InfraFault when that cannot be found out */
  check(): Promise<CaughtCrash | undefined>;
}

/** Of a stage without a transform. */
export const PASS_THROUGH: Transforms = {
  timeout: 0,
  run: ({ events }) => Promise.resolve({ made: events.map((event) => [event]) }),
  check: () => Promise.resolve(undefined),
};
