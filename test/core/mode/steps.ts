/** What can happen to a stage, for the machine and for its oracle. */

/** What control saw: waiting in the queue, parked, parked in trouble of its own, or nothing. Absent: it could not be read. */
export interface Look {
  readonly waits?: 'queue' | 'parked' | 'own' | 'nothing';
  readonly probe?: Probed;
}
export interface Probed {
  readonly answered: boolean;
  readonly version: string;
}

export type Step =
  /** Time passes. */
  | { readonly do: 'wait'; readonly time: number }
  /** The system blocks the stage or not; control runs immediately, as it does on every change of mode. */
  | { readonly do: 'block' | 'unblock' }
  | ({ readonly do: 'look' } & Look)
  | { readonly do: 'redriven'; readonly id: string; readonly processed?: number }
  | { readonly do: 'died'; readonly id: string }
  | { readonly do: 'failed'; readonly key: string; readonly refused?: boolean }
  | { readonly do: 'rejected'; readonly key: string }
  | { readonly do: 'crashed' }
  | { readonly do: 'attempted' }
  /** By a batch of the queue. */
  | { readonly do: 'delivered' | 'filtered' }
  /** Delivered from the parking table. */
  | { readonly do: 'drained' }
  /** Earlier progress is stored only now, by an environment that did not know of any trouble. */
  | { readonly do: 'remembered'; readonly what: 'delivered' | 'filtered'; readonly ago: number }
  | { readonly do: 'tried'; readonly delivered: boolean }
  | { readonly do: 'hold' | 'resume' };

/** The stage runs this code, so a crash or failure of a message is attributed to it. */
export const VERSION = 'v1';
