/** What DynamoDB keeps, in memory, and who wants to know of it. */
import type { ModeRecord, StageProgress } from '../../../lambdas/core/mode/record.ts';
import { lastProgress } from '../../../lambdas/core/mode/transitions.ts';
import type { Rejection } from '../../../lambdas/core/event/ports.ts';
import type { StageQueues, StageRegistry } from '../../../lambdas/core/mode/ports.ts';
import type { Seen, SeenIdsStore } from '../../../lambdas/core/event/seen-ids.ts';
import { MemoryRejections } from '../../support/memory-rejections.ts';
import { MemoryParking } from '../../support/memory-parking.ts';
import { MemoryState } from '../../support/memory-state.ts';
import type { StageId } from './plan.ts';

/** The number of states of the index that are kept. */
const MOST_CHANGES = 8;

/** Its index of heads lags behind. */
export class LaggingParking extends MemoryParking {
  #changes: readonly number[] = [];

  /** @param lag milliseconds by which a read lags, drawn for each read */
  constructor(now: () => number, lag: () => number) {
    super();
    this.lag = () => {
      const since = now() - lag();
      return this.#changes.filter((at) => at > since).length;
    };
    const changed = (): void => {
      this.#changes = [...this.#changes, now()].slice(-MOST_CHANGES);
    };
    for (const name of ['touchHead', 'takeLease', 'releaseLease', 'resetFailures', 'deleteHead'] as const) {
      const change = this[name].bind(this) as (...args: unknown[]) => Promise<unknown>;
      Reflect.set(this, name, async (...args: unknown[]) => {
        const result = await change(...args);
        if (result !== false) changed();
        return result;
      });
    }
  }
}

/** Reports each change of a mode, and each progress that is stored. */
export class WatchedState extends MemoryState {
  readonly #written: (stage: StageId, record: ModeRecord) => void;
  readonly #progressStored: (stage: StageId, at: number) => void;
  readonly #isEcho: () => boolean;

  /** @param isEcho whether the SDK repeats a write that the store took: the store refuses the repetition */
  constructor(
    parking: MemoryParking,
    written: (stage: StageId, record: ModeRecord) => void,
    progressStored: (stage: StageId, at: number) => void,
    isEcho: () => boolean,
  ) {
    super(parking);
    this.#written = written;
    this.#progressStored = progressStored;
    this.#isEcho = isEcho;
  }

  override async writeMode(stage: string, next: ModeRecord, previous: ModeRecord): Promise<boolean> {
    const done = await super.writeMode(stage, next, previous);
    if (!done) return false;
    this.#written(stage as StageId, next);
    return !this.#isEcho();
  }

  override async saveProgress(stage: string, progress: StageProgress): Promise<void> {
    await super.saveProgress(stage, progress);
    this.#progressStored(stage as StageId, lastProgress({ progress }));
  }
}

/** Reports each record. */
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

export const memorySeen = (): SeenIdsStore => {
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
