import { readdir } from 'node:fs/promises';

/** The threads of a process, Node's own included. Undefined where there is no /proc. */
export const threadsOf = async (pid: number): Promise<number | undefined> =>
  process.platform === 'linux' ? (await readdir(`/proc/${pid}/task`)).length : undefined;
