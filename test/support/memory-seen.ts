import { decodeSeen, encodeSeen, type Seen, type SeenIdsStore } from '../../lambdas/core/event/seen-ids.ts';

/** The records of keys as DynamoDB would keep them, with a count of what is asked of them. */
export class MemorySeen implements SeenIdsStore {
  reads = 0;
  writes = 0;
  readonly #records = new Map<string, readonly string[]>();

  async read(key: string): Promise<Seen> {
    await Promise.resolve();
    this.reads += 1;
    return decodeSeen(this.#records.get(key));
  }

  async save(key: string, seen: Seen): Promise<void> {
    await Promise.resolve();
    this.writes += 1;
    this.#records.set(key, encodeSeen(seen));
  }
}
