/** What DynamoDB keeps, in memory, and who wants to know of it. */
import type { ModeRecord } from '../../../lambdas/core/mode.ts';
import type { Rejection, StageQueues, StageRegistry } from '../../../lambdas/core/ports.ts';
import type { Seen, SeenStore } from '../../../lambdas/core/seen.ts';
import { MemoryRejections } from '../../support/memory-rejections.ts';
import type { MemoryParking } from '../../support/memory-parking.ts';
import { MemoryState } from '../../support/memory-state.ts';
import type { StageId } from './plan.ts';

/** Tells of each change of a mode. */
export class WatchedState extends MemoryState {
  readonly #written: (stage: StageId, record: ModeRecord) => void;

  constructor(parking: MemoryParking, written: (stage: StageId, record: ModeRecord) => void) {
    super(parking);
    this.#written = written;
  }

  override async writeMode(stage: string, next: ModeRecord, previous: ModeRecord): Promise<boolean> {
    const done = await super.writeMode(stage, next, previous);
    if (done) this.#written(stage as StageId, next);
    return done;
  }
}

/** Tells of each record. */
export class WatchedRejections extends MemoryRejections {
  readonly #saved: (record: Rejection) => void;

  constructor(saved: (record: Rejection) => void) {
    super();
    this.#saved = saved;
  }

  override async save(record: Rejection): Promise<void> {
    await super.save(record);
    this.#saved(record);
  }
}

export const memorySeen = (): SeenStore => {
  const records = new Map<string, Seen>();
  return {
    read: (key) => Promise.resolve(records.get(key) ?? []),
    save: (key, seen) => {
      records.set(key, seen);
      return Promise.resolve();
    },
  };
};

export const memoryRegistry = (): StageRegistry => {
  const stages = new Map<string, StageQueues>();
  return {
    read: () => Promise.resolve(new Map(stages)),
    save: (changed) => {
      for (const [id, queues] of changed) stages.set(id, queues);
      return Promise.resolve();
    },
  };
};
