import type { MessageSource, QueueMessage } from '../../../local/lambda/event-source-mapping.ts';

interface Entry {
  readonly message: QueueMessage;
  visibleAt: number;
  receives: number;
}

/** A queue in memory, with a visibility timeout and a long poll, and without groups: the mapping knows nothing of them. */
export class FakeQueue implements MessageSource {
  readonly deleted: string[] = [];
  receives = 0;
  waiting = 0;
  /** Number of coming receives, or deletes, that throw. */
  brokenReceives = 0;
  brokenDeletes = 0;
  readonly #visibilityMs: number;
  #entries: Entry[] = [];
  #wake = new Set<() => void>();

  constructor(visibilityMs: number) {
    this.#visibilityMs = visibilityMs;
  }

  get left(): number {
    return this.#entries.length;
  }

  receivesOf(id: string): number {
    return this.#entries.find(({ message }) => message.messageId === id)?.receives ?? 0;
  }

  add(...ids: string[]): void {
    for (const id of ids) {
      const message: QueueMessage = {
        messageId: id,
        receiptHandle: `handle of ${id}`,
        body: `body of ${id}`,
        md5OfBody: 'd41d8',
        attributes: { ApproximateReceiveCount: '1', MessageGroupId: 'g' },
        messageAttributes: { kind: { dataType: 'String', stringValue: 'test' } },
      };
      this.#entries.push({ message, visibleAt: 0, receives: 0 });
    }
    for (const wake of [...this.#wake]) wake();
  }

  async receive({
    maxMessages,
    waitSeconds,
    signal,
  }: Parameters<MessageSource['receive']>[0]): Promise<readonly QueueMessage[]> {
    this.receives += 1;
    if (this.brokenReceives > 0) {
      this.brokenReceives -= 1;
      throw new Error('the queue is down');
    }
    const deadline = Date.now() + waitSeconds * 1000;
    this.waiting += 1;
    try {
      for (;;) {
        const now = Date.now();
        const found = this.#entries.filter((entry) => entry.visibleAt <= now).slice(0, maxMessages);
        if (found.length > 0 || signal.aborted || now >= deadline) {
          for (const entry of found) {
            entry.visibleAt = now + this.#visibilityMs;
            entry.receives += 1;
          }
          return found.map(({ message }) => message);
        }
        await this.#change(signal);
      }
    } finally {
      this.waiting -= 1;
    }
  }

  delete(receiptHandles: readonly string[]): Promise<void> {
    if (this.brokenDeletes > 0) {
      this.brokenDeletes -= 1;
      return Promise.reject(new Error('cannot delete'));
    }
    for (const handle of receiptHandles) this.deleted.push(handle.slice('handle of '.length));
    this.#entries = this.#entries.filter(({ message }) => !receiptHandles.includes(message.receiptHandle));
    return Promise.resolve();
  }

  /** Until something was added, or may have become visible, or the signal aborts. */
  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, 20);
      this.#wake.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
