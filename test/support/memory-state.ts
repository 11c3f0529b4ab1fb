import { type ModeRecord, NORMAL, type StageProgress } from '../../lambdas/core/mode/record.ts';
import type { Attempt, StageState, StateStore } from '../../lambdas/core/stage/ports.ts';
import type { ModeStore, StoredStage } from '../../lambdas/core/mode/ports.ts';
import type { MemoryParking } from './memory-parking.ts';

/** Cheaper than a copy for each read: code that changes a value it has read fails. */
const frozen = <T extends object>(value: T): T => {
  for (const field of Object.values(value))
    if (typeof field === 'object' && field !== null) frozen(field as object);
  return Object.freeze(value);
};

/** The state table as DynamoDB would keep it: what is written and read is copied, and modes are written on condition. */
export class MemoryState implements StateStore, ModeStore {
  readonly modes = new Map<string, ModeRecord>();
  /** By message id; SQS gives none twice. */
  readonly attempts = new Map<string, Attempt>();
  /** The stage whose ledger has an attempt. An attempt that a test has stored directly is in the ledger of every stage. */
  readonly #savedFor = new Map<string, string>();
  /** By stage. */
  readonly progress = new Map<string, StageProgress>();
  readonly #parking: MemoryParking;

  constructor(parking: MemoryParking) {
    this.#parking = parking;
  }

  async read(stage: string, { keys, attemptsOf }: Parameters<StateStore['read']>[1]): Promise<StageState> {
    await Promise.resolve();
    const attempts = attemptsOf.flatMap((id): [string, Attempt][] => {
      const attempt = this.attempts.get(id);
      const isAnothers = (this.#savedFor.get(id) ?? stage) !== stage;
      return attempt === undefined || isAnothers ? [] : [[id, structuredClone(attempt)]];
    });
    return {
      ...this.#stored(stage, 'router'),
      parked: new Set(keys.filter((key) => this.#parking.head(stage, key) !== undefined)),
      attempts: new Map(attempts),
    };
  }

  async saveAttempt(stage: string, messageId: string, attempt: Attempt): Promise<void> {
    await Promise.resolve();
    this.attempts.set(messageId, structuredClone(attempt));
    this.#savedFor.set(messageId, stage);
  }

  async saveProgress(stage: string, progress: StageProgress): Promise<void> {
    await Promise.resolve();
    const stored = this.progress.get(stage) ?? {};
    const newer = Object.entries(progress).filter(
      ([kind, at]) => at > (stored[kind as keyof StageProgress] ?? -1),
    );
    this.progress.set(stage, { ...stored, ...Object.fromEntries(newer) });
  }

  async readModes(stages: readonly string[]): Promise<ReadonlyMap<string, ModeRecord>> {
    await Promise.resolve();
    return new Map(stages.map((stage) => [stage, this.mode(stage)]));
  }

  async readStored(stage: string, routerStage: string): Promise<StoredStage> {
    await Promise.resolve();
    return this.#stored(stage, routerStage);
  }

  async writeMode(stage: string, next: ModeRecord, previous: ModeRecord): Promise<boolean> {
    await Promise.resolve();
    if (this.mode(stage).rev !== previous.rev) return false;
    this.modes.set(stage, frozen(structuredClone(next)));
    return true;
  }

  #stored(stage: string, routerStage: string): StoredStage {
    const progress = { ...this.progress.get(stage) };
    return { own: this.mode(stage), system: this.mode(routerStage), progress };
  }

  /** For assertions. */
  mode(stage: string): ModeRecord {
    return this.modes.get(stage) ?? NORMAL;
  }
}
