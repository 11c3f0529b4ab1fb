import type { ChildProcess } from 'node:child_process';

/** The next message of a process that measures. @throws Error when it ends instead. @template T what that program sends */
export const toldBy = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const end = (code: number | null): void => reject(new Error(`the process ended (${code ?? 'killed'})`));
    child.once('exit', end);
    child.once('message', (message) => {
      child.off('exit', end);
      resolve(message as T);
    });
  });
