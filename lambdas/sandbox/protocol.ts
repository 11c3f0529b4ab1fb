/**
 * What the function's thread and the transform's thread say to each other. Events go in and outputs come out as JSON text, and
 * failures as text: no object of the user's code reaches the thread that answers for the batch.
 */

/** A failure as text: see `describe.ts`. */
export interface Failure {
  readonly error: string;
  readonly stack?: string;
}

/** The events of one message, from one on. */
export interface JobMessage {
  readonly job: number;
  /** Where in the shared memory the job says what it has in hand. */
  readonly slot: number;
  /** JSON. */
  readonly events: readonly string[];
  /** No event is begun after this time of the shared clock. */
  readonly until: number;
  readonly source: string;
  readonly destination: string | undefined;
  readonly receivedAt: string;
}

export type ToThread =
  | { readonly type: 'load'; readonly secrets: Readonly<Record<string, string>> }
  | { readonly type: 'secrets'; readonly secrets: Readonly<Record<string, string>> }
  | { readonly type: 'run'; readonly jobs: readonly JobMessage[] }
  /** Answered in the shared memory, as soon as the thread's event loop turns. */
  | { readonly type: 'ping' };

/** Several at a time, since each message between threads costs tens of microseconds. */
export type FromThread = readonly (
  | { readonly type: 'loaded' }
  | { readonly type: 'not loaded'; readonly failure: Failure }
  /** The outputs of one more event of the job, as JSON; none: it was filtered out. */
  | { readonly type: 'made'; readonly job: number; readonly outputs: readonly string[] }
  /** The job's last word: it has finished, there was no time, or it failed at the event in hand. */
  | { readonly type: 'ended'; readonly job: number; readonly failure?: Failure }
  /** Something failed that an event had started, after the event had been answered; without an id it was the module's. */
  | { readonly type: 'late'; readonly eventId?: string; readonly failure: Failure }
  /** The user's code ends the thread. `job`: the one whose event in hand does; absent: what an answered event had started. */
  | { readonly type: 'exit'; readonly job?: number; readonly eventId?: string; readonly failure: Failure }
  /** `fields`: JSON. */
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn';
      readonly eventId?: string;
      readonly text: string;
      readonly fields?: string;
    }
)[];

/** What the thread is born with. */
export interface ThreadData {
  readonly port: import('node:worker_threads').MessagePort;
  readonly shared: SharedArrayBuffer;
  /** The URL of the user's module. */
  readonly module: string;
}

/** Jobs that a thread works on at a time; a batch has at most 10 keys. */
export const SLOTS = 16;

/**
 * The shared memory, as 32-bit integers: what a thread that does not answer any more had in hand. Times are of `sharedClock`.
 * A slot's `event` counts the events of its job that were begun; 0 while no event is in hand.
 */
export const SHARED = {
  /** The slot, plus 1, whose event's own synchronous code runs at this moment; 0: none, or it is not known whose code runs. */
  running: 0,
  /** Since when. */
  runningSince: 1,
  /** Grows with each ping that was handled. */
  beat: 2,
  event: (slot: number): number => 3 + slot,
} as const;

export const SHARED_BYTES = 4 * SHARED.event(SLOTS);

/** Milliseconds, the same in all threads of the process; what fits 32 bits lasts for 24 days. */
export const sharedClock = (hrtime: () => bigint): number => Number((hrtime() / 1_000_000n) % 0x7fff_ffffn);
