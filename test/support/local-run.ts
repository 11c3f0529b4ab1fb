/** The local run as a person has it: the process that `npm start` starts, with a data directory of its own. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { PipelineConfig } from '../../config/index.ts';
import { killLeftovers } from '../../local/lambda/children.ts';
import type { RunFile } from '../../local/run/run-file.ts';
import { ROOT } from '../../local/common/settings.ts';
import { FollowedProcess, processesNaming, type Ended } from './processes.ts';
import { until } from './until.ts';

export interface LocalRunOptions {
  /** Written as JSON; text is written as it is. Undefined: there is no such file. */
  readonly config: PipelineConfig | string | undefined;
  /** Further files beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What `secrets.json` holds. Default: there is none. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: one of its own. */
  readonly dataDir?: string;
  /** A module that the local run's process loads first. */
  readonly preload?: string;
}

const all = new Set<LocalRun>();
afterAll(async () => {
  await Promise.all([...all].map((run) => run.remove()));
});

/** What the test runner set for itself must not reach the processes under test. */
const inherited = (): NodeJS.ProcessEnv => {
  const isOurs = (name: string) =>
    /^(SLUICE_|AWS_|JEST_|CDK_)/.test(name) || ['NODE_OPTIONS', 'NODE_ENV', 'FORCE_COLOR'].includes(name);
  // Under CI some libraries colour what goes to a file, too.
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name))),
    NO_COLOR: '1',
  };
};

/** A directory with a configuration and data, and the processes that are started on it, one after another. */
export class LocalRun {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-run-')));
  readonly dataDir: string;
  readonly configPath = join(this.dir, 'sluice.config.json');
  readonly #env: Readonly<Record<string, string>>;
  readonly #preload: readonly string[];
  readonly #started = new Set<FollowedProcess>();
  #main: FollowedProcess | undefined;
  #file: RunFile | undefined;

  constructor({ config, files = {}, secrets, env = {}, dataDir, preload }: LocalRunOptions) {
    all.add(this);
    this.dataDir = dataDir ?? join(this.dir, 'data');
    mkdirSync(this.dataDir, { recursive: true });
    this.#env = env;
    this.#preload = preload === undefined ? [] : ['--import', preload];
    if (config !== undefined) this.configure(config);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    if (secrets !== undefined) this.setSecrets(secrets);
  }

  /** Replaces what `secrets.json` holds. */
  setSecrets(secrets: Readonly<Record<string, string>>): void {
    writeFileSync(join(this.dataDir, 'secrets.json'), JSON.stringify(secrets));
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
  async start(): Promise<void> {
    const main = this.#spawnMain();
    const isUp = () => {
      if (!main.isRunning) throw new Error(`the local run ended\n${this.output}`);
      return main.stdout.includes('Stop with Ctrl-C.');
    };
    await until('the local run to be up', isUp, { context: () => this.output });
    this.#file = JSON.parse(readFileSync(join(this.dataDir, 'run.json'), 'utf8')) as RunFile;
  }

  /** Starts it, and waits for the end: for what cannot start. */
  startAndEnd(): Promise<Ended> {
    return this.#spawnMain().ended;
  }

  /** `npx sluice <args>`, with this run's environment, to its end. */
  sluice(...args: string[]): Promise<Ended> {
    return this.#spawn(join('cli', 'sluice.mjs'), ...args).ended;
  }

  get dataPlaneUrl(): string {
    return this.#running.dataPlaneUrl;
  }

  get consoleUrl(): string {
    return this.#running.consoleUrl;
  }

  /** All that the last start has said so far. */
  get output(): string {
    return `${this.#main?.stdout ?? ''}${this.#main?.stderr ?? ''}`;
  }

  /** Ids of this run's functions' processes, this start's and any that an earlier one left behind. */
  functionProcesses(): readonly number[] {
    return processesNaming(join(this.dataDir, 'lambda-runtime'));
  }

  /** The local run's process is gone at once; nobody tells its functions. */
  async kill9(): Promise<void> {
    this.#main?.kill('SIGKILL');
    await this.#main?.ended;
  }

  /** As a service manager stops it. */
  async stop(): Promise<Ended> {
    if (this.#main === undefined) throw new Error('it was never started');
    this.#main.kill('SIGTERM');
    return this.#main.ended;
  }

  /** Ends whatever still runs, and removes the directory. */
  async remove(): Promise<void> {
    all.delete(this);
    for (const started of this.#started) started.kill('SIGKILL');
    await Promise.all([...this.#started].map(({ ended }) => ended));
    await killLeftovers(join(this.dataDir, 'children'));
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10 });
  }

  get #running(): RunFile {
    if (this.#file === undefined) throw new Error('it was never started');
    return this.#file;
  }

  #spawnMain(): FollowedProcess {
    // What `npm start` runs, without npm in between: signals are for this process.
    this.#main = this.#spawn(...this.#preload, '--import', 'tsx', join('local', 'main.ts'));
    return this.#main;
  }

  #spawn(...args: string[]): FollowedProcess {
    const env = {
      ...inherited(),
      SLUICE_PORT: '0',
      SLUICE_CONSOLE_PORT: '0',
      SLUICE_DATA_DIR: this.dataDir,
      SLUICE_CONFIG: this.configPath,
      // The developer's own assemblies stay in their cache.
      SLUICE_CACHE_DIR: join(this.dir, 'cache'),
      ...this.#env,
    };
    const started = new FollowedProcess(process.execPath, args, ROOT, env);
    this.#started.add(started);
    return started;
  }
}

/** A local run that is up. It is ended and removed after the file's tests, whatever becomes of them. */
export const startLocalRun = async (options: LocalRunOptions): Promise<LocalRun> => {
  const run = new LocalRun(options);
  await run.start();
  return run;
};
