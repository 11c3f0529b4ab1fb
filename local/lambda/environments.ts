/**
 * The execution environments of a function: which process serves the next invocation, how long an idle one stays, and
 * which process inherits the `/tmp` of one that ended.
 */
import { join } from 'node:path';
import { Child, type ChildOptions } from './child.ts';
import { ChildRecord } from './children.ts';
import { CLOSED, RETIRED, retiresEnvironment } from './faults.ts';
import type { LambdaFunctionOptions } from './function.ts';
import type { FunctionError } from './protocol.ts';
import { TmpDirs } from './tmp-dirs.ts';

const DEFAULT_MAX_IDLE = 4;
const DEFAULT_IDLE_MS = 300_000;
const DEFAULT_SURPLUS_IDLE_MS = 10_000;
const REAP_MS = 1_000;

export class Environments {
  readonly #options: LambdaFunctionOptions;
  readonly #record: ChildRecord;
  readonly #tmp: TmpDirs;
  #code: Pick<ChildOptions, 'codeDir' | 'environment'>;
  /** Grows with each deployment; a process belongs to the deployment that started it. */
  #generation = 0;
  /** Each process that lives, with its generation. */
  readonly #all = new Map<Child, number>();
  /** The longest idle first. */
  #idle: { readonly child: Child; readonly since: number }[] = [];
  readonly #reaper: NodeJS.Timeout;
  #closed = false;

  constructor(options: LambdaFunctionOptions) {
    this.#options = options;
    this.#code = { codeDir: options.codeDir, environment: options.environment };
    this.#record = new ChildRecord(options.childrenDir);
    this.#tmp = new TmpDirs(join(options.tmpDir, options.name), (message) =>
      options.logger(JSON.stringify({ level: 'warn', message })),
    );
    this.#reaper = setInterval(() => this.#reap(), Math.min(REAP_MS, this.#idleMs, this.#surplusMs));
    this.#reaper.unref();
  }

  /** How many processes there are, busy and idle. */
  get processes(): { readonly busy: number; readonly idle: number } {
    return { busy: this.#all.size - this.#idle.length, idle: this.#idle.length };
  }

  /**
   * The process of the environment used last, so that the others reach their age limit and are retired. A process that died
   * while it was idle is skipped. The caller gives it back by `release`.
   * @returns undefined when there is none, or when the environment used last was reset and needs a new process
   */
  takeIdle(): Child | undefined {
    if (this.#tmp.lastKeptAt > (this.#idle.at(-1)?.since ?? 0)) return undefined;
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop())
      if (last.child.isUsable) return last.child;
    return undefined;
  }

  /**
   * A new process, in the environment that was reset most recently, or in a new one. The caller gives it back by
   * `release`.
   * @throws when it cannot be recorded on disk, or its directory cannot be created
   */
  fork(): Child {
    const tmpDir = this.#tmp.take();
    const child = this.#start(tmpDir);
    this.#all.set(child, this.#generation);
    void child.ended.then((why) => this.#onEnded(child, tmpDir, why));
    return child;
  }

  /** Back to the idle ones, unless it belongs to an older deployment. */
  release(child: Child): void {
    if (!child.isUsable || this.#closed) return;
    if (this.#all.get(child) !== this.#generation) {
      child.kill(RETIRED);
      return;
    }
    child.freeze();
    this.#idle.push({ child, since: performance.now() });
  }

  /** Retires what is idle. Busy processes finish on the old code; new ones run the new code in new environments. */
  updateCode(codeDir: string, environment: Readonly<Record<string, string>>): void {
    this.#code = { codeDir, environment };
    this.#generation += 1;
    for (const { child } of this.#idle.splice(0)) child.kill(RETIRED);
    this.#tmp.removeWaiting();
  }

  /** Kills all processes. Resolves when they and their directories are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#reaper);
    this.#idle = [];
    const all = [...this.#all.keys()];
    for (const child of all) child.kill(CLOSED);
    await Promise.all(all.map((child) => child.ended));
    this.#tmp.removeWaiting();
    await this.#tmp.settled();
  }

  get #idleMs(): number {
    return this.#options.idleMs ?? DEFAULT_IDLE_MS;
  }

  get #surplusMs(): number {
    return this.#options.surplusIdleMs ?? DEFAULT_SURPLUS_IDLE_MS;
  }

  #start(tmpDir: string): Child {
    const { name, handler, memoryMb, runtime, logger, yields = false } = this.#options;
    const record = this.#record;
    try {
      return new Child({ name, handler, memoryMb, runtime, logger, yields, record, tmpDir, ...this.#code });
    } catch (error) {
      this.#tmp.keep(tmpDir);
      throw error;
    }
  }

  /** Only now: until its process is gone, a directory may be neither removed nor given to another process. */
  #onEnded(child: Child, tmpDir: string, why: FunctionError): void {
    const isCurrent = this.#all.get(child) === this.#generation;
    this.#all.delete(child);
    this.#idle = this.#idle.filter((idle) => idle.child !== child);
    if (isCurrent && !retiresEnvironment(why)) this.#tmp.keep(tmpDir);
    else this.#tmp.remove(tmpDir);
  }

  #reap(): void {
    const now = performance.now();
    const maxIdle = this.#options.maxIdle ?? DEFAULT_MAX_IDLE;
    let surplus = this.#idle.length - maxIdle;
    this.#idle = this.#idle.filter(({ child, since }) => {
      const idleFor = now - since;
      if (idleFor < this.#idleMs && (surplus <= 0 || idleFor < this.#surplusMs)) return true;
      surplus -= 1;
      child.kill(RETIRED);
      return false;
    });
    this.#tmp.removeWaiting(this.#idleMs);
  }
}
