/** The local run that is killed: the configuration, the processes that are started on it one after another, and how each ends. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endLocalRun, hasEnded, spawnLocalRun, untilReady } from '../bench/local-process.ts';
import type { PipelineConfig } from '../config/index.ts';
import { killLeftovers } from '../local/lambda/children.ts';
import type { RunFile } from '../local/run/run-file.ts';
import type { Dice } from '../test/simulation/dice.ts';
import type { Kill, Poison, Victim } from './plan.ts';

export const WRITE_KEY = 'chaos-write-key';
/** The stages whose code has poisonous versions. */
const POISONED: readonly Poison['stage'][] = ['router', 'crm'];

/** For a hang: a start after a kill has more to do, and on a busy machine less to do it with. */
const START_LIMIT_MS = 180_000;

const configOf = ([crm = '', lake = '']: readonly string[]): PipelineConfig => ({
  sources: [{ id: 'web', writeKey: WRITE_KEY }],
  destinations: [
    { id: 'crm', type: 'webhook', url: crm, transform: './crm.mjs' },
    { id: 'lake', type: 'webhook', url: lake, batch: 5 },
  ],
  transform: './router.mjs',
  // Shorter than on AWS, so that what a kill leaves behind is taken up again, and modes change, while the run lasts.
  timing: {
    routerTimeout: '4s',
    routerVisibility: '24s',
    deliverTimeout: '4s',
    deliverVisibility: '24s',
    requestTimeout: '1500ms',
    maxBackoff: '2s',
    refusalDelay: '2s',
  },
  degradedMode: { redriveThreshold: 3, window: '10s', pause: '5s', maxPause: '20s', maxDrainBackoff: '20s' },
});

const transformOf = (stage: string, version: Kill['transforms']): string =>
  version === 'mended'
    ? `export default (event) => event;\n`
    : `export default (event) => {
  const { poison } = event.properties;
  if (poison?.stage === '${stage}') {
    if (poison.kind === 'exit') process.exit(3);
    throw new Error('poison');
  }
  return event;
};
`;

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ESRCH';

const sendKill = (pid: number): boolean => {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in the meantime.
    if (isGone(error)) return false;
    throw error;
  }
};

export class Pipeline {
  readonly #dir: string;
  #child: ChildProcess | undefined;
  #run: RunFile | undefined;
  #dataPlaneUrl: string | undefined;
  readonly #onExit = (): void => this.#killGroup();

  private constructor(dir: string) {
    this.#dir = dir;
    // When this process ends on the way to `remove`, what it has started must not stay behind.
    process.once('exit', this.#onExit);
  }

  /** @param urls of the destinations */
  static async create(urls: readonly string[]): Promise<Pipeline> {
    const pipeline = new Pipeline(await mkdtemp(join(tmpdir(), 'sluice-chaos-')));
    await writeFile(pipeline.#configPath, JSON.stringify(configOf(urls)));
    await pipeline.write('poisonous');
    return pipeline;
  }

  /** The next start deploys it. */
  async write(version: Kill['transforms']): Promise<void> {
    for (const stage of POISONED)
      await writeFile(join(this.#dir, `${stage}.mjs`), transformOf(stage, version));
  }

  begin(): void {
    this.#run = undefined;
    this.#child = spawnLocalRun({
      dataDir: this.#dataDir,
      configPath: this.#configPath,
      logFile: this.#logFile,
      env: {
        SLUICE_CONTROL_SECONDS: '2',
        // Of what is in a function's hands when it is killed nothing more is seen for 24 seconds: less of it, more goes on.
        SLUICE_CONCURRENCY: '2',
        SLUICE_CACHE_DIR: join(this.#dir, 'cache'),
      },
    });
  }

  /** @throws Error with all it said, when what was begun ends by itself */
  async ready(): Promise<void> {
    const files = { dataDir: this.#dataDir, logFile: this.#logFile };
    this.#run = await untilReady(this.#running, files, START_LIMIT_MS);
    this.#dataPlaneUrl = this.#run.dataPlaneUrl;
  }

  /** Of the last start that was up; nobody listens there any more when it is gone. Undefined before the first. */
  get dataPlaneUrl(): string | undefined {
    return this.#dataPlaneUrl;
  }

  /** Undefined while it starts. */
  get consoleUrl(): string | undefined {
    return this.#run?.consoleUrl;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && !hasEnded(this.#child);
  }

  /** @returns false when there was nobody to kill: no function has a process now */
  async kill(victim: Victim, dice: Dice): Promise<boolean> {
    if (victim === 'function') return this.#killFunction(dice);
    const main = this.#running;
    const exited = once(main, 'exit');
    if (victim === 'main') main.kill('SIGKILL');
    else this.#killGroup();
    await exited;
    this.#run = undefined;
    return true;
  }

  /** @returns the exit code, and how many processes of functions it left behind */
  async stop(): Promise<{ readonly code: number | null; readonly leftBehind: number }> {
    const main = this.#running;
    await endLocalRun(main);
    return { code: main.exitCode, leftBehind: (await killLeftovers(this.#childrenDir)).length };
  }

  /** What it said of late. */
  async log(lines = 40): Promise<string> {
    const text = await readFile(this.#logFile, 'utf8');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Ends whatever still runs, and removes the directory. */
  async remove(): Promise<void> {
    const main = this.#child;
    if (main !== undefined && !hasEnded(main)) {
      const exited = once(main, 'exit');
      this.#killGroup();
      await exited;
    }
    await killLeftovers(this.#childrenDir);
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 10 });
    process.off('exit', this.#onExit);
  }

  #killFunction(dice: Dice): boolean {
    // Named by process id; of those that an earlier start had, none is left.
    const [first, ...more] = readdirSync(this.#childrenDir).sort();
    return first !== undefined && sendKill(Number(dice.pick([first, ...more])));
  }

  #killGroup(): void {
    const pid = this.#child?.pid;
    if (pid !== undefined && this.isRunning) sendKill(-pid);
  }

  get #running(): ChildProcess {
    if (this.#child === undefined) throw new Error('it was never begun');
    return this.#child;
  }

  get #configPath(): string {
    return join(this.#dir, 'sluice.config.json');
  }

  get #dataDir(): string {
    return join(this.#dir, 'data');
  }

  get #childrenDir(): string {
    return join(this.#dataDir, 'children');
  }

  get #logFile(): string {
    return join(this.#dir, 'local-run.log');
  }
}
