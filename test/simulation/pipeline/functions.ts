/** The running functions, each in an environment with a process that can die at every call it makes. */
import { Environments, type Environment } from '../environment.ts';
import { Invocation } from '../invocation.ts';
import type { Schedule } from '../schedule.ts';
import type { Faults } from './faults.ts';
import type { StageId } from './plan.ts';

export type FunctionId = StageId | 'ingest' | 'control';

export interface Call<T> {
  readonly of: FunctionId;
  /** Version of its code. Default: one for the whole scenario. */
  readonly version?: string;
  readonly name: string;
  /** Milliseconds until it is killed. */
  readonly timeout: number;
  readonly work: (invocation: Invocation, environment: Environment) => Promise<T>;
  /** Gets the result, if it did not die. */
  readonly answered?: ((result: T) => void) | undefined;
  /** Called last, whether it answered or died. */
  readonly over?: (() => void) | undefined;
  /** Its calls take no time and do not fail. Default: false. */
  readonly isQuick?: boolean;
}

export interface FunctionsOptions {
  readonly schedule: Schedule;
  readonly random: () => number;
  /** See `EnvironmentsOptions`. */
  readonly retired: number;
  readonly faults: Faults;
  readonly trace: (line: () => string) => void;
  readonly ended: (invocation: Invocation) => void;
  readonly owed: (call: string, by: Invocation) => void;
  readonly violation: (text: string) => void;
}

export class Functions {
  readonly #options: FunctionsOptions;
  readonly #running = new Map<Invocation, FunctionId>();
  readonly #environments: Environments;
  #count = 0;

  constructor(options: FunctionsOptions) {
    this.#options = options;
    this.#environments = new Environments(options);
  }

  kill(id: FunctionId): void {
    for (const [invocation, of] of this.#running) if (of === id) invocation.die('it was killed');
  }

  invoke<T>({ of, version = '', name, timeout, work, answered, over, isQuick = false }: Call<T>): void {
    const { schedule, faults, trace, ended, owed, violation } = this.#options;
    this.#count += 1;
    const environment = this.#environments.take(of, version);
    const invocation: Invocation = new Invocation(`${name}#${String(this.#count)}`, timeout, {
      schedule,
      host: environment.host(),
      mishap: (call, by) => (isQuick ? 'none' : faults.mishap(call, by)),
      latency: (call) => (isQuick ? 0 : faults.latency(call, invocation)),
      landsLate: () => faults.landsLate(),
      owed: (call) => {
        owed(call, invocation);
      },
      trace,
    });
    this.#running.set(invocation, of);
    const end = (): void => {
      this.#running.delete(invocation);
      environment.over(invocation);
      ended(invocation);
      over?.();
    };
    invocation.start(
      () => work(invocation, environment),
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
