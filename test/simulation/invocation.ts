import { AccessFault, InfraFault } from '../../lambdas/core/base/faults.ts';
import type { Gate } from '../support/ports-gate.ts';
import type { Host } from './environment.ts';
import type { Schedule } from './schedule.ts';

/** What else happens to a call: the process dies, or AWS fails, before the call takes effect or after; or access is denied. */
export type Mishap = 'none' | 'die before' | 'die after' | 'fault before' | 'fault after' | 'denied';

export interface Surroundings {
  readonly schedule: Schedule;
  /** The process that runs it. */
  readonly host: Host;
  /** Asked once for each call. @param call `port.method` @param by the invocation that makes it */
  readonly mishap: (call: string, by: Invocation) => Mishap;
  /** Milliseconds that a call takes. */
  readonly latency: (call: string) => number;
  /** For a call that is pending when its process dies: milliseconds until it lands anyway; undefined: it never does. */
  readonly landsLate: () => number | undefined;
  /** The invocation has answered, and one of its calls is pending or is made later. */
  readonly owed: (call: string) => void;
  /** A function, so that a line is built only when the trace is kept. */
  readonly trace: (line: () => string) => void;
}

/** One run of a function, in a process that can die at every call that it makes. */
export class Invocation {
  readonly name: string;
  readonly startedAt: number;
  /** One of its calls has failed, so it may end with an error without being at fault. */
  isHurt = false;
  readonly #surroundings: Surroundings;
  readonly #deadline: number;
  /** Calls that were made and have not settled, each with its name. */
  readonly #underWay = new Map<symbol, { readonly name: string; readonly isGivenUp: () => boolean }>();
  #state: 'running' | 'ended' | 'dead' = 'running';
  #onDeath: () => void = () => undefined;

  /** @param timeout milliseconds until it is killed */
  constructor(name: string, timeout: number, surroundings: Surroundings) {
    this.name = name;
    this.#surroundings = surroundings;
    this.startedAt = surroundings.schedule.now;
    this.#deadline = this.startedAt + timeout;
    surroundings.host.thaw(this);
  }

  get host(): Host {
    return this.#surroundings.host;
  }

  get timeLeft(): number {
    return this.#deadline - this.#surroundings.schedule.now;
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** @param onEnd gets the result, or the error that it ended with @param onDeath called at most once, and never after `onEnd` */
  start<T>(work: () => Promise<T>, onEnd: (result: T | Error) => void, onDeath: () => void): void {
    this.#onDeath = onDeath;
    const { schedule, owed } = this.#surroundings;
    const end = (result: T | Error): void => {
      if (this.#state !== 'running') return;
      this.#state = 'ended';
      for (const { name, isGivenUp } of this.#underWay.values()) if (!isGivenUp()) owed(name);
      onEnd(result);
    };
    schedule.after(this.timeLeft, () => {
      this.die('timeout');
    });
    work().then(end, (error: unknown) => {
      end(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** Ends the process. */
  die(why: string): void {
    if (this.#state !== 'running') return;
    this.#state = 'dead';
    this.host.isAlive = false;
    this.#surroundings.trace(() => `${this.name} died: ${why}`);
    this.#onDeath();
  }

  readonly gate: Gate = (name, args, effect) =>
    new Promise((resolve, reject) => {
      const { schedule, host, mishap, latency, landsLate, owed, trace } = this.#surroundings;
      if (!host.isAlive) return;
      if (this.#state === 'ended') owed(name);
      const call = () => [name, ...args.map(describe)].join(' ').trim();
      const isGivenUp = () => args.some((argument) => argument instanceof AbortSignal && argument.aborted);
      const id = Symbol(name);
      this.#underWay.set(id, { name, isGivenUp });
      const fate = mishap(name, this);
      if (fate !== 'none') this.isHurt = true;
      const fail = (error: unknown): void => {
        this.#underWay.delete(id);
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const land = async (): Promise<void> => {
        if (fate === 'die before') {
          host.running?.die(`before ${call()}`);
          return;
        }
        if (fate === 'fault before') {
          trace(() => `${this.name} ${call()}: failed`);
          fail(new InfraFault(`${name} failed`));
          return;
        }
        if (fate === 'denied') {
          trace(() => `${this.name} ${call()}: denied`);
          fail(new AccessFault(`AccessDenied: ${name}`));
          return;
        }
        try {
          const result = await effect();
          trace(() => `${this.name} ${call()}${fate === 'none' ? shown(result) : `: done, and ${fate}`}`);
          if (fate === 'die after') {
            host.running?.die(`after ${call()}`);
          } else if (fate === 'fault after') {
            fail(new InfraFault(`${name} failed, and took effect`));
          } else {
            this.#underWay.delete(id);
            resolve(result);
          }
        } catch (error) {
          trace(() => `${this.name} ${call()}: ${String(error)}`);
          fail(error);
        }
      };
      /** The request has left the process, which is dead by now or no longer waits for the answer. */
      const landLate = (): void => {
        const late = landsLate();
        if (late === undefined) return;
        schedule.after(late, () => {
          trace(() => `${this.name}, dead: ${call()} lands`);
          effect().catch(() => undefined);
        });
      };
      const takes = latency(name);
      // When it happens makes no difference, so nothing waits for it.
      if (takes === 0) {
        void land();
        return;
      }
      schedule.after(takes, () => {
        if (!host.isAlive || isGivenUp()) landLate();
        // A frozen process receives no answer, and sends nothing.
        else host.run(() => void land());
      });
    });
}

const shown = (result: unknown): string => (typeof result === 'boolean' ? ` -> ${String(result)}` : '');

/** The part of a call's arguments that a trace shows. */
const describe = (argument: unknown): string => {
  if (typeof argument === 'string') return argument;
  if (Array.isArray(argument)) return argument.map(describe).join(',');
  if (typeof argument !== 'object' || argument === null) return String(argument);
  const { body, groupId, type, key, charges, mode, epoch, failures } = argument as Record<string, unknown>;
  const parts = { groupId, body, type, key, charges, mode, epoch, failures };
  return Object.values(parts)
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .join('/');
};
