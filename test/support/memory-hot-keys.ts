import type { Clock } from '../../lambdas/core/base/clock.ts';
import { withReports, type HotKeyReport } from '../../lambdas/core/stage/hot-keys.ts';
import type { HotKeyStore } from '../../lambdas/core/stage/ports.ts';

/** Reports of hot keys as DynamoDB would keep them: what is written is copied. */
export class MemoryHotKeys implements HotKeyStore {
  readonly #reports = new Map<string, readonly HotKeyReport[]>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async saveHotKeys(stage: string, reports: readonly HotKeyReport[]): Promise<void> {
    await Promise.resolve();
    const before = this.#reports.get(stage) ?? [];
    this.#reports.set(stage, structuredClone(withReports(before, reports, this.#clock())));
  }

  async readHotKeys(stages: readonly string[]): Promise<ReadonlyMap<string, readonly HotKeyReport[]>> {
    await Promise.resolve();
    return new Map(stages.map((stage) => [stage, this.#reports.get(stage) ?? []]));
  }
}
