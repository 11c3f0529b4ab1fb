/**
 * Topics that destinations publish to and that are not the pipeline's: what is published is a line of `topics/<topic>.ndjson` in the data
 * directory. Nobody subscribes to them here.
 */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageAttribute } from './message.ts';

export interface TopicMessage {
  readonly message: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

/** For so long a FIFO topic drops what has a deduplication id that it knows; milliseconds. */
const DEDUPLICATION = 5 * 60_000;

export class DestinationTopics {
  readonly #dir: string;
  readonly #clock: () => number;
  /** By topic and deduplication id. Oldest first. */
  readonly #known = new Map<string, { readonly id: string; readonly at: number }>();
  #names: ReadonlySet<string> = new Set();
  #last: Promise<unknown> = Promise.resolve();

  constructor(dataDir: string, clock: () => number = Date.now) {
    this.#dir = join(dataDir, 'topics');
    this.#clock = clock;
  }

  deploy(names: readonly string[]): void {
    this.#names = new Set(names);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Resolves when the message is in its file. @returns its id */
  async publish(topic: string, one: TopicMessage): Promise<string> {
    const at = this.#clock();
    for (const [key, known] of this.#known) {
      if (at - known.at < DEDUPLICATION) break;
      this.#known.delete(key);
    }
    const key = `${topic}\n${one.deduplicationId ?? ''}`;
    const before = one.deduplicationId === undefined ? undefined : this.#known.get(key);
    if (before !== undefined) return before.id;
    const id = randomUUID();
    if (one.deduplicationId !== undefined) this.#known.set(key, { id, at });
    // One after another: the file has the order of the calls.
    const written = this.#last.then(async () => {
      await mkdir(this.#dir, { recursive: true });
      await appendFile(join(this.#dir, `${topic}.ndjson`), `${JSON.stringify({ id, at, ...one })}\n`);
    });
    this.#last = written.catch(() => undefined);
    await written;
    return id;
  }
}
