import type { Clock } from '../../lambdas/core/base/clock.ts';
import type { LateCrashes } from '../../contract/modes.ts';
import type { LateCrashStore } from '../../lambdas/core/mode/ports.ts';

const WEEK = 7 * 24 * 3_600_000;

/** Late crashes as DynamoDB would keep them: values are copied when written and read. */
export class MemoryLateCrashes implements LateCrashStore {
  readonly #records = new Map<string, LateCrashes & { readonly addedAt: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async addLateCrashes(
    stage: string,
    { count, last }: Parameters<LateCrashStore['addLateCrashes']>[1],
  ): Promise<void> {
    await Promise.resolve();
    const addedAt = this.#clock();
    const before = this.#find(stage);
    this.#records.set(stage, {
      count: (before?.count ?? 0) + count,
      since: before?.since ?? addedAt,
      last: structuredClone(last),
      addedAt,
    });
  }

  async readLateCrashes(stages: readonly string[]): Promise<ReadonlyMap<string, LateCrashes>> {
    await Promise.resolve();
    return new Map(
      stages.flatMap((stage) => {
        const crashes = this.#find(stage);
        return crashes === undefined ? [] : [[stage, structuredClone(crashes)]];
      }),
    );
  }

  #find(stage: string): LateCrashes | undefined {
    const record = this.#records.get(stage);
    if (record === undefined) return undefined;
    const { addedAt, ...crashes } = record;
    return this.#clock() - addedAt < WEEK ? crashes : undefined;
  }
}
