/** The local run as a person has it: the process that `npm start` starts, with a data directory of its own, on free ports. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PipelineConfig } from '../../config/index.ts';
import { ROOT } from '../../local/common/settings.ts';
import { Subprocess, type Ended, type SubprocessOptions } from '../../local/common/subprocess.ts';
import { killLeftovers } from '../../local/lambda/children.ts';
import { readRunFile, type RunFile } from '../../local/run/run-file.ts';
import { DEADLINE_MS, until } from './until.ts';

export interface LocalRunOptions {
  /** Written as JSON; text is written as it is. Undefined: there is no such file. */
  readonly config: PipelineConfig | string | undefined;
  /** Further files next to the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What `secrets.json` holds. Default: there is none. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: one of its own. */
  readonly dataDir?: string;
  /** Modules that the local run's process loads first, as URLs. */
  readonly preload?: readonly string[];
  /**
   * For a program that runs for long, or measures: what the local run says goes to a file and not through this process, and it leads
   * a process group of its own, which can be killed as a whole. Ctrl-C is then for this process, which stops the run in its own way.
   * Default: it is this process that hears all, and Ctrl-C is for both.
   */
  readonly apart?: boolean;
  /** The checkout whose local run it is, with its packages installed. Default: this one. */
  readonly root?: string;
}

/** For a hang: what is in flight is brought to its end first. */
const STOP_LIMIT_MS = 60_000;
const POLL_MS = 100;

/** What a test runner, or a person for a local run of their own, has set must not reach this one. */
const inherited = (): NodeJS.ProcessEnv => {
  const isTheirs = (name: string) =>
    /^(SLUICE_|AWS_|JEST_|CDK_)/.test(name) || ['NODE_OPTIONS', 'NODE_ENV', 'FORCE_COLOR'].includes(name);
  // Under CI some libraries colour what goes to a file, too.
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isTheirs(name))),
    NO_COLOR: '1',
  };
};

/** A directory with a configuration and data, and the processes that are started on it, one after another. */
export class LocalRun {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-run-')));
  readonly dataDir: string;
  readonly configPath = join(this.dir, 'sluice.config.json');
  /** What a run `apart` says, from its first start on. */
  readonly logFile = join(this.dir, 'local-run.log');
  readonly #options: LocalRunOptions;
  readonly #started = new Set<Subprocess>();
  #main: Subprocess | undefined;
  #file: RunFile | undefined;
  /** Where in the log the last start begins; bytes. */
  #logFrom = 0;
  /** When this process ends on the way to `remove`, what it has started apart from itself must not stay behind. */
  readonly #onExit = (): void => this.#signalGroup();

  constructor(options: LocalRunOptions) {
    const { config, files = {}, secrets, dataDir, apart = false } = options;
    this.#options = options;
    this.dataDir = dataDir ?? join(this.dir, 'data');
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 });
    if (config !== undefined) this.configure(config);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    if (secrets !== undefined) this.setSecrets(secrets);
    if (apart) process.once('exit', this.#onExit);
  }

  /** Replaces what `secrets.json` holds. */
  setSecrets(secrets: Readonly<Record<string, string>>): void {
    writeFileSync(join(this.dataDir, 'secrets.json'), JSON.stringify(secrets), { mode: 0o600 });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), text);
  }

  configure(config: PipelineConfig | string): void {
    writeFileSync(
      this.configPath,
      typeof config === 'string' ? config : JSON.stringify(config, undefined, 2),
    );
  }

  /** Starts it, and waits until it says that it is up. @throws Error with all it said, when it ends instead */
  async start(deadlineMs = DEADLINE_MS): Promise<void> {
    this.begin();
    await this.untilUp(deadlineMs);
  }

  /** Starts it, and does not wait: for what is killed before it is up. */
  begin(): void {
    this.#logFrom = existsSync(this.logFile) ? statSync(this.logFile).size : 0;
    // What `npm start` runs, without npm in between: signals are for this process.
    const { preload = [], apart = false } = this.#options;
    const preloads = preload.flatMap((url) => ['--import', url]);
    const args = [...preloads, '--import', 'tsx', join('local', 'main.ts')];
    if (!apart) {
      this.#main = this.#spawn(args);
      return;
    }
    const output = openSync(this.logFile, 'a');
    this.#main = this.#spawn(args, { output, ownGroup: true });
    closeSync(output);
  }

  /** @throws Error with all it said, when what was begun ends instead, or takes too long */
  async untilUp(deadlineMs = DEADLINE_MS): Promise<void> {
    const main = this.#begun;
    const isUp = async () => {
      if (!main.isRunning) {
        await main.ended;
        throw new Error(`the local run ended\n${this.output}`);
      }
      return this.output.includes('Stop with Ctrl-C.');
    };
    await until('the local run to be up', isUp, {
      deadlineMs,
      pollMs: POLL_MS,
      context: () => this.output,
    });
    this.#file = await readRunFile(this.dataDir);
  }

  /** Starts it, and waits for the end: for what cannot start. */
  startAndEnd(): Promise<Ended> {
    this.begin();
    return this.#begun.ended;
  }

  /** `npx sluice <args>`, with this run's environment, to its end. */
  sluice(...args: string[]): Promise<Ended> {
    return this.#spawn([join('cli', 'sluice.mjs'), ...args]).ended;
  }

  /** Of the last start that was up; when it is gone, nothing listens there any more. */
  get dataPlaneUrl(): string {
    return this.#up.dataPlaneUrl;
  }

  get consoleUrl(): string {
    return this.#up.consoleUrl;
  }

  /** With which its AWS services let a caller in. */
  get accessKeyId(): string {
    return this.#up.accessKeyId;
  }

  get apiUrl(): string {
    return this.#up.apiUrl;
  }

  get pid(): number {
    return this.#up.pid;
  }

  get isRunning(): boolean {
    return this.#main?.isRunning === true;
  }

  /** All that the last start has said so far. */
  get output(): string {
    if (this.#options.apart !== true) return `${this.#main?.stdout ?? ''}${this.#main?.stderr ?? ''}`;
    return readFileSync(this.logFile).subarray(this.#logFrom).toString();
  }

  /** The record of its functions' processes: a file for each, which has the process id for its name. */
  get childrenDir(): string {
    return join(this.dataDir, 'children');
  }

  /**
   * It is gone from one moment to the next.
   * @param whom `main`: its functions have to find out; `group`: they are gone as well, as when a machine fails, which takes a run `apart`
   */
  async kill9(whom: 'main' | 'group' = 'main'): Promise<void> {
    if (whom === 'group') this.#signalGroup();
    else this.#main?.kill('SIGKILL');
    await this.#main?.ended;
  }

  /** As a service manager stops it: what does not end in time is killed. */
  async stop(): Promise<Ended> {
    const main = this.#begun;
    main.kill('SIGTERM');
    const timer = setTimeout(() => main.kill('SIGKILL'), STOP_LIMIT_MS);
    try {
      return await main.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends whatever still runs, and removes the directory. */
  async remove(): Promise<void> {
    for (const started of this.#started) started.kill('SIGKILL');
    await Promise.all([...this.#started].map(({ ended }) => ended));
    await killLeftovers(this.childrenDir);
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10 });
    process.off('exit', this.#onExit);
  }

  get #begun(): Subprocess {
    if (this.#main === undefined) throw new Error('it was never started');
    return this.#main;
  }

  get #up(): RunFile {
    if (this.#file === undefined) throw new Error('it was never up');
    return this.#file;
  }

  #signalGroup(): void {
    const main = this.#main;
    if (main?.pid === undefined || !main.isRunning) return;
    try {
      process.kill(-main.pid, 'SIGKILL');
    } catch (error) {
      // It ended on its own in the meantime.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  #spawn(args: readonly string[], options: SubprocessOptions = {}): Subprocess {
    const env = {
      ...inherited(),
      SLUICE_PORT: '0',
      SLUICE_CONSOLE_PORT: '0',
      SLUICE_DATA_DIR: this.dataDir,
      SLUICE_CONFIG: this.configPath,
      // The developer's own assemblies stay in their cache.
      SLUICE_CACHE_DIR: join(this.dir, 'cache'),
      ...this.#options.env,
    };
    const cwd = this.#options.root ?? ROOT;
    const started = new Subprocess(process.execPath, args, { cwd, env, ...options });
    this.#started.add(started);
    return started;
  }
}
