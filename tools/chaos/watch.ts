/** Looks at the stages while there is something to look at: whether parking and degraded mode really happened. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StageStatus } from '../../contract/status.ts';
import { askControl } from '../driver/control.ts';

const INTERVAL_MS = 1_500;
const LOOK_LIMIT_MS = 10_000;

export interface Seen {
  readonly stage: string;
  /** The most keys that were parked at the same time. */
  readonly parkedKeys: number;
  /** How often it entered degraded mode. */
  readonly degraded: number;
}

interface Looks {
  parkedKeys: number;
  /** Each change of a mode has one of its own. */
  readonly degradedEpochs: Set<number>;
}

export class Watch {
  readonly #looks = new Map<string, Looks>();
  readonly #consoleUrl: () => string | undefined;
  readonly #looking: Promise<void>;
  #going = true;

  /** @param consoleUrl undefined while nothing is up */
  constructor(consoleUrl: () => string | undefined) {
    this.#consoleUrl = consoleUrl;
    this.#looking = this.#lookAgain();
  }

  get seen(): readonly Seen[] {
    return [...this.#looks].map(([stage, { parkedKeys, degradedEpochs }]) => ({
      stage,
      parkedKeys,
      degraded: degradedEpochs.size,
    }));
  }

  /** @returns undefined when it was killed in between, or has no answer */
  async look(): Promise<readonly StageStatus[] | undefined> {
    const url = this.#consoleUrl();
    if (url === undefined) return undefined;
    const { stages } = await askControl(url, { command: 'status' });
    for (const { id, parkedKeys, history } of stages) {
      const looks = this.#looks.get(id) ?? { parkedKeys: 0, degradedEpochs: new Set() };
      this.#looks.set(id, looks);
      looks.parkedKeys = Math.max(looks.parkedKeys, parkedKeys);
      for (const { mode, epoch } of history) if (mode === 'degraded') looks.degradedEpochs.add(epoch);
    }
    return stages;
  }

  async stop(): Promise<void> {
    this.#going = false;
    await this.#looking;
  }

  async #lookAgain(): Promise<void> {
    while (this.#going) {
      await Promise.race([
        this.look().catch(() => undefined),
        sleep(LOOK_LIMIT_MS, undefined, { ref: false }),
      ]);
      await sleep(INTERVAL_MS);
    }
  }
}
