/** The local run that is killed: the configuration, the processes that are started on it one after another, and how each ends. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { PipelineConfig } from '../../config/index.ts';
import { killLeftovers } from '../../local/lambda/children.ts';
import type { Dice } from '../driver/dice.ts';
import { LocalRun } from '../driver/local-run.ts';
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
  version === 'fixed'
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

/** @returns false when it ended on its own in the meantime */
const sendKill = (pid: number): boolean => {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

export class Pipeline {
  readonly #run: LocalRun;
  /** Whether the present start is up. */
  #isUp = false;
  /** Whether any start was. */
  #wasUp = false;

  /** @param urls of the destinations */
  constructor(urls: readonly string[]) {
    this.#run = new LocalRun({
      config: configOf(urls),
      // What it says outlasts each kill, and the kill of a group is for all that it has started.
      apart: true,
      env: {
        SLUICE_CONTROL_SECONDS: '2',
        // Of what is in a function's hands when it is killed nothing more is seen for 24 seconds: the less of it, the more continues.
        SLUICE_CONCURRENCY: '2',
      },
    });
    this.write('poisonous');
  }

  /** The next start deploys it. */
  write(version: Kill['transforms']): void {
    for (const stage of POISONED) this.#run.write(`${stage}.mjs`, transformOf(stage, version));
  }

  begin(): void {
    this.#isUp = false;
    this.#run.begin();
  }

  /** @throws Error with all it said, when what was begun ends on its own */
  async ready(): Promise<void> {
    await this.#run.untilUp(START_LIMIT_MS);
    this.#isUp = true;
    this.#wasUp = true;
  }

  /** Of the last start that was up; nothing listens there any more when it is gone. Undefined before the first. */
  get dataPlaneUrl(): string | undefined {
    return this.#wasUp ? this.#run.dataPlaneUrl : undefined;
  }

  /** Undefined while it starts. */
  get consoleUrl(): string | undefined {
    return this.#isUp ? this.#run.consoleUrl : undefined;
  }

  get isRunning(): boolean {
    return this.#run.isRunning;
  }

  /** @returns false when there was nothing to kill: no function has a process now */
  async kill(victim: Victim, dice: Dice): Promise<boolean> {
    if (victim === 'function') return this.#killFunction(dice);
    await this.#run.kill9(victim === 'main' ? 'main' : 'group');
    this.#isUp = false;
    return true;
  }

  /** @returns the exit code, and how many processes of functions it left behind */
  async stop(): Promise<{ readonly code: number | null; readonly leftBehind: number }> {
    const { code } = await this.#run.stop();
    return { code, leftBehind: (await killLeftovers(this.#run.childrenDir)).length };
  }

  /** The latest output of all starts together. */
  async log(lines = 40): Promise<string> {
    const text = await readFile(this.#run.logFile, 'utf8');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Ends whatever still runs, and removes the directory. */
  remove(): Promise<void> {
    return this.#run.remove();
  }

  #killFunction(dice: Dice): boolean {
    // Named by process id; those of an earlier start have ended.
    const [first, ...more] = readdirSync(this.#run.childrenDir).sort();
    return first !== undefined && sendKill(Number(dice.pick([first, ...more])));
  }
}
