import type { RetentionStore } from '../../lambdas/core/event/ports.ts';
import { NOTHING_SEEN, type SeenRecords, type Sweep } from '../../lambdas/core/event/retention.ts';

export class MemoryRetention implements RetentionStore {
  sweeps: ReadonlyMap<string, Sweep> = new Map();
  readonly seen = new Map<string, SeenRecords>();

  async readSweeps(): Promise<ReadonlyMap<string, Sweep>> {
    await Promise.resolve();
    return structuredClone(this.sweeps);
  }

  async saveSweeps(sweeps: ReadonlyMap<string, Sweep>): Promise<void> {
    await Promise.resolve();
    this.sweeps = structuredClone(sweeps);
  }

  async readSeen(stage: string): Promise<SeenRecords> {
    await Promise.resolve();
    return this.seen.get(stage) ?? NOTHING_SEEN;
  }

  async saveSeen(stage: string, seen: SeenRecords): Promise<void> {
    await Promise.resolve();
    this.seen.set(stage, structuredClone(seen));
  }
}
