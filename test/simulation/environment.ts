/** Where a function's invocations run: an environment of Lambda, with the process in it and the files that outlive the process. */
import type { Invocation } from './invocation.ts';
import type { Schedule } from './schedule.ts';
import { MemoryLastWords, WordsFile } from './words.ts';

/** Frozen work continues within this time after the next invocation has begun; milliseconds. */
const THAW = 2_000;

/** A process: it runs one invocation after another, and is frozen in between. */
export class Host {
  readonly words: MemoryLastWords;
  isAlive = true;
  /** It has started at least one invocation. */
  hasStarted = false;
  /** The invocation that it runs now; undefined while it is frozen. */
  running: Invocation | undefined;
  readonly #schedule: Schedule;
  readonly #random: () => number;
  #frozen: (() => void)[] = [];

  constructor(schedule: Schedule, random: () => number, words: MemoryLastWords) {
    this.#schedule = schedule;
    this.#random = random;
    this.words = words;
  }

  after(milliseconds: number, task: () => void): void {
    this.#schedule.after(milliseconds, () => {
      this.run(task);
    });
  }

  /** Runs a task: in the middle of the next invocation if the process is frozen, and never if it is dead. */
  run(task: () => void): void {
    if (!this.isAlive) return;
    if (this.running === undefined) this.#frozen.push(task);
    else task();
  }

  /** Never resolves in a process that has died. */
  pass(milliseconds: number): Promise<void> {
    return new Promise((done) => {
      this.after(milliseconds, done);
    });
  }

  /** @param invocation that begins now: frozen work continues in the middle of it */
  thaw(invocation: Invocation): void {
    this.running = invocation;
    const tasks = this.#frozen;
    this.#frozen = [];
    for (const task of tasks) this.after(Math.floor(THAW * this.#random() ** 3), task);
  }
}

export class Environment {
  /** The version of the code that its processes run. */
  readonly version: string;
  readonly file = new WordsFile();
  /** The invocation in which the last process of it died. */
  lastDeath: Invocation | undefined;
  readonly #newHost: () => Host;
  #host: Host;

  constructor(version: string, schedule: Schedule, random: () => number) {
    this.version = version;
    this.#newHost = () => new Host(schedule, random, new MemoryLastWords(this.file, version));
    this.#host = this.#newHost();
  }

  get isIdle(): boolean {
    return this.#host.running === undefined;
  }

  /** The process for the next invocation: a new one if the last has died. */
  host(): Host {
    if (!this.#host.isAlive) this.#host = this.#newHost();
    return this.#host;
  }

  /** The invocation has answered, or died with its process. */
  over(invocation: Invocation): void {
    this.#host.running = undefined;
    if (invocation.isDead) this.lastDeath = invocation;
  }
}

export interface EnvironmentsOptions {
  readonly schedule: Schedule;
  readonly random: () => number;
  /** The chance that an idle environment is found to be gone, with its files. */
  readonly retired: number;
}

export class Environments {
  readonly #options: EnvironmentsOptions;
  readonly #all = new Map<string, Environment[]>();

  constructor(options: EnvironmentsOptions) {
    this.#options = options;
  }

  /** An idle environment of a function, or a new one: rarely, if one is idle. Environments with former code get no further invocations. */
  take(id: string, version: string): Environment {
    const { schedule, random, retired } = this.#options;
    const kept = (this.#all.get(id) ?? []).filter(
      (one) => !one.isIdle || (one.version === version && random() >= retired),
    );
    const idle = kept.filter((one) => one.isIdle);
    const chosen = idle[Math.floor(random() * (idle.length + 0.2))];
    const taken = chosen ?? new Environment(version, schedule, random);
    if (chosen === undefined) kept.push(taken);
    this.#all.set(id, kept);
    return taken;
  }
}
