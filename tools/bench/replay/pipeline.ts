/** A local run with an archive, which is killed while a replay is made, and started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReplayView } from '../../../contract/operator-views.ts';
import { askControl } from '../../driver/control.ts';
import type { LocalRun } from '../../driver/local-run.ts';
import { newLocalRun } from '../local-run.ts';
import { peaksOf } from '../process-tree.ts';

export const STAGE = 'destination-1';

/** Events in a request of the destination. */
const BATCH = 100;

/** Shorter than on AWS, so that what a kill leaves behind is taken up again while the replay lasts. */
const TIMING = {
  routerTimeout: '10s',
  routerVisibility: '60s',
  deliverTimeout: '20s',
  deliverVisibility: '120s',
  requestTimeout: '5s',
} as const;
const CONTROL_SECONDS = '10';

/** For a hang: a start after a kill makes the stand-in of DynamoDB whole again. */
const START_LIMIT_MS = 600_000;
const PATIENCE = 60;
const TRIES = 5;
const LOOK_MS = 2_000;

export interface Peaks {
  /** Of the local run's own process, which has the stand-ins of AWS in it; bytes. */
  readonly main: number;
  /** The most that any process of a function had. */
  readonly function: number;
}

export class ReplayPipeline {
  readonly run: LocalRun;
  #peaks: Peaks = { main: 0, function: 0 };
  /** Resolves when the present start is up. */
  #up: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;
  #wasUp = false;

  /** @param url of the destination */
  constructor(url: string) {
    this.run = newLocalRun(
      {
        destinations: [url],
        settings: { batch: BATCH },
        pipeline: { archive: {}, timing: TIMING },
      },
      { env: { SLUICE_CONTROL_SECONDS: CONTROL_SECONDS } },
    );
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  start(): Promise<void> {
    this.#up = this.run.start(START_LIMIT_MS).then(() => {
      this.#wasUp = true;
    });
    return this.#up;
  }

  /** As when the machine fails. It is started again. @returns milliseconds until it was up */
  async kill(): Promise<number> {
    await this.#look();
    const killedAt = performance.now();
    const killed = this.run.kill9('group');
    this.#up = killed.then(() => this.start());
    await this.#up;
    return performance.now() - killedAt;
  }

  /** Of the last start that was up; nothing listens there any more when it is gone. */
  get dataPlaneUrl(): string {
    return this.#wasUp ? this.run.dataPlaneUrl : '';
  }

  get peaks(): Peaks {
    return this.#peaks;
  }

  /** The beginning of a replay, or one slice more. A slice whose run is killed is made again. */
  async replay(request: Readonly<Record<string, unknown>>): Promise<ReplayView> {
    for (let failures = 0; ;) {
      const up = this.#up;
      await up;
      try {
        return await askControl(this.run.consoleUrl, { ...request, command: 'replay' }, PATIENCE);
      } catch (error) {
        // What was killed under it has not failed.
        if (up === this.#up) failures += 1;
        if (failures === TRIES) throw error;
        await sleep(failures * 1_000);
      }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.run.isRunning) await this.run.stop();
    await this.run.remove();
  }

  async #look(): Promise<void> {
    if (!this.#wasUp || !this.run.isRunning) return;
    const [main = 0, ...functions] = await peaksOf(this.run.pid);
    this.#peaks = {
      main: Math.max(this.#peaks.main, main),
      function: Math.max(this.#peaks.function, ...functions),
    };
  }
}
