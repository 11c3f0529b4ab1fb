/** A child process, and all that it says. */
import { spawn, type ChildProcess } from 'node:child_process';

export interface SubprocessOptions {
  readonly cwd?: string;
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** What it reads from its standard input. Default: nothing. */
  readonly input?: string;
  /** Default: it is kept. */
  readonly stderr?: 'ignore' | 'inherit';
  /** A file descriptor that takes all it says; `stdout` and `stderr` are empty then. */
  readonly output?: number;
  /** It leads a process group of its own: the terminal's Ctrl-C does not reach it, and a signal can reach all that it started. */
  readonly ownGroup?: boolean;
  /** Milliseconds after which it is killed. Default: it may take as long as it likes. */
  readonly deadlineMs?: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Subprocess {
  readonly #child: ChildProcess;
  /** Rejects when it cannot be started. */
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(command: string, args: readonly string[], options: SubprocessOptions = {}) {
    const { cwd, env, input, stderr, output = 'pipe', ownGroup, deadlineMs } = options;
    this.#child = spawn(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
      stdio: [input === undefined ? 'ignore' : 'pipe', output, stderr ?? output],
      detached: ownGroup === true,
      killSignal: 'SIGKILL',
      ...(deadlineMs === undefined ? {} : { timeout: deadlineMs }),
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    // One that ends early does not read all of it; how it ended is what counts.
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdin?.end(input);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) =>
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      );
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Runs a process to its end, however that is. @throws Error when it cannot be started */
export const runProcess = (
  command: string,
  args: readonly string[],
  options?: SubprocessOptions,
): Promise<Ended> => new Subprocess(command, args, options).ended;
