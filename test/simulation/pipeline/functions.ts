/** The functions that run, each in a process of its own that can die at every call it makes. */
import { Invocation } from '../invocation.ts';
import type { Schedule } from '../schedule.ts';
import type { Faults } from './faults.ts';
import type { StageId } from './plan.ts';

export type FunctionId = StageId | 'ingest' | 'control';

export interface Call<T> {
  readonly of: FunctionId;
  readonly name: string;
  /** Milliseconds until it is killed. */
  readonly timeout: number;
  readonly work: (invocation: Invocation) => Promise<T>;
  /** Given the result, if it did not die. */
  readonly answered?: ((result: T) => void) | undefined;
  /** Called last, however it ended. */
  readonly over?: (() => void) | undefined;
  /** Its calls are over at once, and do not fail. Default: no. */
  readonly isQuick?: boolean;
}

export interface FunctionsOptions {
  readonly schedule: Schedule;
  readonly faults: Faults;
  readonly trace: (line: () => string) => void;
  readonly ended: (invocation: Invocation) => void;
  readonly violation: (text: string) => void;
}

export class Functions {
  readonly #options: FunctionsOptions;
  readonly #running = new Map<Invocation, FunctionId>();
  #count = 0;

  constructor(options: FunctionsOptions) {
    this.#options = options;
  }

  kill(id: FunctionId): void {
    for (const [invocation, of] of this.#running) if (of === id) invocation.die('it was killed');
  }

  invoke<T>({ of, name, timeout, work, answered, over, isQuick = false }: Call<T>): void {
    const { schedule, faults, trace, ended, violation } = this.#options;
    this.#count += 1;
    const invocation: Invocation = new Invocation(`${name}#${String(this.#count)}`, timeout, {
      schedule,
      mishap: (call, by) => (isQuick ? 'none' : faults.mishap(call, by)),
      latency: (call) => (isQuick ? 0 : faults.latency(call, invocation)),
      landsLate: () => faults.landsLate(),
      trace,
    });
    this.#running.set(invocation, of);
    const end = (): void => {
      this.#running.delete(invocation);
      ended(invocation);
      over?.();
    };
    invocation.start(
      () => work(invocation),
      (result) => {
        if (result instanceof Error)
          violation(`error: ${invocation.name} ended with ${result.stack ?? result.message}`);
        else answered?.(result);
        end();
      },
      end,
    );
  }
}
