/** What a process and all that it started cost, from Linux's /proc. */
import { readdir, readFile } from 'node:fs/promises';

export interface TreeUsage {
  /** User and system time since the root began, of what has ended as well. */
  readonly cpuSeconds: number;
  /** Memory now; a page that several processes share is divided among them. */
  readonly memoryBytes: number;
}

/** /proc's unit for processes: USER_HZ, which is 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
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
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid, parent: Number(fields[1]), ticks };
};

const memoryOf = async (pid: number): Promise<number> => {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec((await read(`/proc/${pid}/smaps_rollup`)) ?? '') ?? [];
  return Number(kilobytes ?? 0) * 1_024;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The roots' first. Undefined where there is no /proc, or a root has ended. */
const findTree = async (roots: readonly number[]): Promise<readonly Process[] | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const looks = await Promise.all(pids.map((pid) => readProcess(Number(pid))));
  const all = looks.filter((found) => found !== undefined);
  const tree = all.filter(({ pid }) => roots.includes(pid));
  if (tree.length === 0 || tree.length < roots.length) return undefined;
  // It grows while it is walked. A root may be another one's child.
  for (const { pid } of tree)
    tree.push(...all.filter(({ parent, pid: child }) => parent === pid && !roots.includes(child)));
  return tree;
};

/** Of several trees together. Undefined where there is no /proc, or a root has ended. */
export const readTree = async (roots: readonly number[]): Promise<TreeUsage | undefined> => {
  const tree = await findTree(roots);
  if (tree === undefined) return undefined;
  return {
    cpuSeconds: sum(tree.map(({ ticks }) => ticks)) / TICKS_PER_SECOND,
    memoryBytes: sum(await Promise.all(tree.map(({ pid }) => memoryOf(pid)))),
  };
};

/** The most that each process of a tree has had in memory at any time of its life, its root's first; bytes. None where it cannot be known. */
export const peaksOf = async (root: number): Promise<readonly number[]> => {
  const tree = (await findTree([root])) ?? [];
  const peaks = tree.map(async ({ pid }) => {
    const [, kilobytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec((await read(`/proc/${pid}/status`)) ?? '') ?? [];
    return Number(kilobytes) * 1_024;
  });
  return Promise.all(peaks);
};

/** A look at the memory takes the system some milliseconds for each process, which the system under test lacks then. */
const INTERVAL_MS = 2_000;

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
  async stop(): Promise<{ readonly cpuSeconds: number; readonly peakBytes: number } | undefined> {
    clearInterval(this.#timer);
    const after = await this.#look();
    if (after === undefined || this.#before === undefined) return undefined;
    return { cpuSeconds: after.cpuSeconds - this.#before.cpuSeconds, peakBytes: this.#peak };
  }

  async #look(): Promise<TreeUsage | undefined> {
    const usage = await readTree(this.#roots);
    this.#peak = Math.max(this.#peak, usage?.memoryBytes ?? 0);
    return usage;
  }
}
