/** What a process and all that it started cost, from Linux's /proc. */
import { readdir, readFile } from 'node:fs/promises';

/** Processes of one kind: those of one function of a local run, or those with one name. */
export interface KindUsage {
  readonly kind: string;
  readonly processes: number;
  /** Since they began, and of children of theirs that have ended. */
  readonly userSeconds: number;
  readonly systemSeconds: number;
}

export interface TreeUsage {
  /** User and system time since the root began, of what has ended as well. */
  readonly cpuSeconds: number;
  /** Memory now; a page that several processes share is divided among them. */
  readonly memoryBytes: number;
  readonly kinds: readonly KindUsage[];
}

/** /proc's unit for processes: USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly userTicks: number;
  readonly systemTicks: number;
}

/** A process may end between two looks at it. */
const read = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(code)) return undefined;
    throw error;
  }
};

/** proc(5): the name is in parentheses and may hold anything; the state is the first field behind it. */
const readProcess = async (pid: number): Promise<Process | undefined> => {
  const text = await read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // utime, stime, and the same of the children that have ended and were waited for.
  const [user = 0, system = 0, childrensUser = 0, childrensSystem = 0] = fields.slice(11, 15).map(Number);
  return {
    pid,
    parent: Number(fields[1]),
    name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
    userTicks: user + childrensUser,
    systemTicks: system + childrensSystem,
  };
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The last argument of a function's process in the local run is the function's logical id. */
const FUNCTION = /^(\w+?)FunctionHandler[0-9A-F]{8}$/;

const kindOf = async ({ pid, name }: Process): Promise<string> => {
  const last = (await read(`/proc/${pid}/cmdline`))?.split('\0').findLast(Boolean) ?? '';
  return FUNCTION.exec(last)?.[1] ?? name;
};

const kindsIn = async (tree: readonly Process[]): Promise<readonly KindUsage[]> => {
  const kinds = new Map<string, Process[]>();
  for (const one of tree) {
    const kind = await kindOf(one);
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  return [...kinds].map(([kind, all]) => ({
    kind,
    processes: all.length,
    userSeconds: sum(all.map(({ userTicks }) => userTicks)) / TICKS_PER_SECOND,
    systemSeconds: sum(all.map(({ systemTicks }) => systemTicks)) / TICKS_PER_SECOND,
  }));
};

const memoryOf = async (pid: number): Promise<number> => {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec((await read(`/proc/${pid}/smaps_rollup`)) ?? '') ?? [];
  return Number(kilobytes ?? 0) * 1_024;
};

/** Of several trees together. Undefined where there is no /proc, or a root has ended. */
export const readTree = async (roots: readonly number[]): Promise<TreeUsage | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const looks = await Promise.all(pids.map((pid) => readProcess(Number(pid))));
  const all = looks.filter((found) => found !== undefined);
  const tree = all.filter(({ pid }) => roots.includes(pid));
  if (tree.length === 0 || tree.length < roots.length) return undefined;
  // It grows while it is walked. A root may be another one's child.
  for (const { pid } of tree)
    tree.push(...all.filter(({ parent, pid: child }) => parent === pid && !roots.includes(child)));
  const kinds = await kindsIn(tree);
  return {
    kinds,
    cpuSeconds: sum(kinds.map(({ userSeconds, systemSeconds }) => userSeconds + systemSeconds)),
    memoryBytes: sum(await Promise.all(tree.map(({ pid }) => memoryOf(pid)))),
  };
};

/** A look at the memory takes the system some milliseconds for each process, which the system under test lacks then. */
const INTERVAL_MS = 2_000;

export interface Metered {
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** The number of processes is that at the end. */
  readonly kinds: readonly KindUsage[];
}

const since = (now: KindUsage, before: readonly KindUsage[] = []): KindUsage => {
  const { userSeconds = 0, systemSeconds = 0 } = before.find(({ kind }) => kind === now.kind) ?? {};
  return {
    ...now,
    userSeconds: now.userSeconds - userSeconds,
    systemSeconds: now.systemSeconds - systemSeconds,
  };
};

/** Measures trees from `start` to `stop`. */
export class TreeMeter {
  readonly #roots: readonly number[];
  readonly #before: TreeUsage | undefined;
  readonly #timer: NodeJS.Timeout;
  #peak: number;

  private constructor(roots: readonly number[], before: TreeUsage | undefined) {
    this.#roots = roots;
    this.#before = before;
    this.#peak = before?.memoryBytes ?? 0;
    this.#timer = setInterval(() => void this.#look(), INTERVAL_MS);
  }

  static async start(roots: readonly number[]): Promise<TreeMeter> {
    return new TreeMeter(roots, await readTree(roots));
  }

  /** Undefined where it cannot be known. */
  async stop(): Promise<Metered | undefined> {
    clearInterval(this.#timer);
    const after = await this.#look();
    if (after === undefined || this.#before === undefined) return undefined;
    return {
      cpuSeconds: after.cpuSeconds - this.#before.cpuSeconds,
      peakBytes: this.#peak,
      kinds: after.kinds.map((kind) => since(kind, this.#before?.kinds)),
    };
  }

  async #look(): Promise<TreeUsage | undefined> {
    const usage = await readTree(this.#roots);
    this.#peak = Math.max(this.#peak, usage?.memoryBytes ?? 0);
    return usage;
  }
}
