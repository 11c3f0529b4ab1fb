/** Deduplication ids of the last 5 minutes of one queue. They outlive the messages. */
import { LinkedList } from './linked-list.ts';
import type { DeduplicationRecord } from './store.ts';

export const DEDUPLICATION_WINDOW_MS = 5 * 60_000;

export class DeduplicationIndex {
  readonly #byAge = new LinkedList<DeduplicationRecord>();
  #byKey = new Map<string, DeduplicationRecord>();
  #perGroup: boolean;

  /** @param perGroup the same id in two groups is no duplicate */
  constructor(perGroup: boolean) {
    this.#perGroup = perGroup;
  }

  set perGroup(value: boolean) {
    if (value === this.#perGroup) return;
    this.#perGroup = value;
    this.#byKey = new Map();
    for (const record of this.#byAge) this.#index(record);
  }

  /** @returns the message that was accepted with these ids */
  find(groupId: string, deduplicationId: string): DeduplicationRecord | undefined {
    return this.#byKey.get(this.#key({ groupId, deduplicationId }));
  }

  /** Must be called in the order of `record.at`. */
  add(record: DeduplicationRecord): void {
    this.#byAge.push(record);
    this.#index(record);
  }

  /** Forgets what is older than the window. @returns whether there was anything */
  prune(now: number): boolean {
    let pruned = false;
    for (;;) {
      const oldest = this.#byAge.first;
      if (oldest === undefined || oldest.value.at + DEDUPLICATION_WINDOW_MS > now) return pruned;
      this.#byAge.remove(oldest);
      const key = this.#key(oldest.value);
      if (this.#byKey.get(key) === oldest.value) this.#byKey.delete(key);
      pruned = true;
    }
  }

  #index(record: DeduplicationRecord): void {
    this.#byKey.set(this.#key(record), record);
  }

  #key({ groupId, deduplicationId }: Pick<DeduplicationRecord, 'groupId' | 'deduplicationId'>): string {
    // A space can be in neither id.
    return this.#perGroup ? `${groupId} ${deduplicationId}` : deduplicationId;
  }
}
