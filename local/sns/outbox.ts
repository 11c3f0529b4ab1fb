/**
 * Messages that were accepted and not yet handed to all their subscribers: a file each, so that a kill loses none. What is
 * killed between a delivery and the note of it is delivered again.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import writeFileAtomic from 'write-file-atomic';
import type { PublishedMessage } from './message.ts';

interface Kept {
  readonly message: PublishedMessage;
  /** ARNs of the subscriptions that have not got it. */
  readonly pending: readonly string[];
}

export interface OutboxOptions {
  /** Its own directory; it is created when absent. */
  readonly dir: string;
  /** Resolves when the subscription needs no more of the outbox; rejects when it is to be kept for the next start. */
  readonly deliver: (message: PublishedMessage, subscriptionArn: string) => Promise<void>;
  readonly onTrouble: (line: string) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Set<Promise<void>>();
  /** One change of a file after another: two in parallel could bring back what one of them has removed. */
  readonly #inTurn = pLimit(1);
  #isReady = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Continues with what an earlier run has left. It delivers nothing before. */
  async start(): Promise<void> {
    if (this.#isReady) return;
    const { dir, onTrouble } = this.#options;
    await mkdir(dir, { recursive: true });
    for (const name of await readdir(dir)) {
      // A part of a file that a killed run was writing: its message was never accepted.
      if (!name.endsWith('.json')) {
        await rm(join(dir, name), { force: true });
        continue;
      }
      try {
        const kept = JSON.parse(await readFile(join(dir, name), 'utf8')) as Kept;
        this.#kept.set(kept.message.id, kept);
      } catch (error) {
        onTrouble(`${join(dir, name)} cannot be read and is left alone: ${String(error)}`);
      }
    }
    this.#isReady = true;
    for (const kept of this.#kept.values()) this.#run(kept);
  }

  /**
   * Resolves when the message is on the disk; deliveries come after. A message that is pending already is not taken twice.
   */
  accept(message: PublishedMessage, subscriptions: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#kept.has(message.id) || subscriptions.length === 0) return;
      await mkdir(this.#options.dir, { recursive: true });
      const kept = { message, pending: subscriptions };
      await this.#write(kept);
      if (this.#isReady) this.#run(kept);
    });
  }

  /** Resolves when nothing is being delivered; what hangs must have been aborted. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #run({ message, pending }: Kept): void {
    for (const arn of pending) {
      const work = this.#deliver(message, arn).finally(() => this.#running.delete(work));
      this.#running.add(work);
    }
  }

  async #deliver(message: PublishedMessage, subscriptionArn: string): Promise<void> {
    const { deliver, onTrouble } = this.#options;
    try {
      await deliver(message, subscriptionArn);
      await this.#note(message.id, subscriptionArn);
    } catch (error) {
      onTrouble(`the message ${message.id} stays undelivered until the next start: ${String(error)}`);
    }
  }

  #note(id: string, subscriptionArn: string): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#kept.get(id);
      if (kept === undefined) return;
      const pending = kept.pending.filter((arn) => arn !== subscriptionArn);
      if (pending.length > 0) {
        await this.#write({ ...kept, pending });
        return;
      }
      this.#kept.delete(id);
      await rm(this.#fileOf(id), { force: true });
    });
  }

  async #write(kept: Kept): Promise<void> {
    const { id } = kept.message;
    await writeFileAtomic(this.#fileOf(id), JSON.stringify(kept));
    this.#kept.set(id, kept);
  }

  #fileOf(id: string): string {
    return join(this.#options.dir, `${id}.json`);
  }
}
