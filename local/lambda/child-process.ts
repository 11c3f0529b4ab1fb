/** What a function's process gets of this one: its environment, and its share of the processor. */
import { getPriority, setPriority } from 'node:os';
import type { ChildOptions } from './child.ts';

type ProcessOptions = Pick<
  ChildOptions,
  'name' | 'codeDir' | 'handler' | 'memoryMb' | 'environment' | 'tmpDir'
>;

/** How much nicer a process that yields is than this one. When all are busy it gets a tenth of what one that does not yield gets. */
const YIELDING = 10;
/** The system's limit. */
const NICEST = 19;

/** Nothing is inherited but what it takes to run at all; the rest is what Lambda itself sets. */
export const environmentOf = (options: ProcessOptions): Record<string, string> => {
  const inherited: Record<string, string> = {};
  for (const key of ['PATH', 'SystemRoot']) {
    const value = process.env[key];
    if (value !== undefined) inherited[key] = value;
  }
  return {
    ...inherited,
    TZ: ':UTC',
    LAMBDA_TASK_ROOT: options.codeDir,
    _HANDLER: options.handler,
    AWS_LAMBDA_FUNCTION_NAME: options.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMb),
    // `os.tmpdir()` reads these: the first one on POSIX, the others on Windows.
    TMPDIR: options.tmpDir,
    TMP: options.tmpDir,
    TEMP: options.tmpDir,
    ...options.environment,
  };
};

/** The threads that it starts later, which is all but the first one, take it over. */
export const yieldProcessor = (pid: number): void => {
  try {
    setPriority(pid, Math.min(getPriority() + YIELDING, NICEST));
  } catch {
    // It has just ended, which is noticed elsewhere, or the system does not allow it: then it competes as all others do.
  }
};
