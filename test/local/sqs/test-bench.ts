import { SqsEngine, type EngineOptions } from '../../../local/sqs/engine.ts';
import { MapStore } from './map-store.ts';

export const START = Date.UTC(2026, 0, 1);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** An engine whose clock advances only when a test advances it. */
export class Bench {
  readonly store = new MapStore();
  readonly #options: Partial<EngineOptions>;
  now = START;
  engine: SqsEngine;
  #ids = 0;

  constructor(options: Partial<EngineOptions> = {}) {
    this.#options = options;
    this.engine = this.#start();
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
  }

  /** A new engine on what the old one has stored. */
  restart(): void {
    this.engine = this.#start();
  }

  bodies(queue: string, maxMessages = 10): string[] {
    return this.engine.receive(queue, { maxMessages }).map(({ body }) => body);
  }

  #start(): SqsEngine {
    const uuid = (): string => `id-${String((this.#ids += 1))}`;
    return new SqsEngine({ clock: () => this.now, store: this.store, uuid, ...this.#options });
  }
}

export const FIFO = { FifoQueue: 'true', VisibilityTimeout: '30' };

/** A bench with the queue `q.fifo`. */
export const withQueue = (attributes: Record<string, string> = {}): Bench => {
  const bench = new Bench();
  bench.engine.createQueue('q.fifo', { ...FIFO, ...attributes });
  return bench;
};

/** Sends messages to `q.fifo` whose bodies are also their deduplication ids. */
export const send = (engine: SqsEngine, group: string, ...bodies: string[]): void => {
  for (const body of bodies) engine.send('q.fifo', { body, groupId: group, deduplicationId: body });
};
