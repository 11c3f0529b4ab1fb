/**
 * Kinesis data streams on one machine: what is put to a stream is a line of a file, in the order in which it was taken. A stream has one
 * shard, and nobody reads it here but people and tests.
 */
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface StreamRecord {
  readonly partitionKey: string;
  readonly data: Buffer;
}

export class NoSuchStream extends Error {
  override name = 'NoSuchStream';
}

export class KinesisService {
  readonly #dir: string;
  #streams: ReadonlySet<string> = new Set();
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  constructor(dataDir: string) {
    this.#dir = join(dataDir, 'kinesis');
  }

  deploy(streams: readonly string[]): void {
    this.#streams = new Set(streams);
  }

  /** Resolves when the record is in its file. @returns its sequence number @throws NoSuchStream */
  async put(stream: string, { partitionKey, data }: StreamRecord): Promise<string> {
    if (!this.#streams.has(stream)) throw new NoSuchStream(stream);
    this.#count += 1;
    const at = Date.now();
    // Larger than all before, those of earlier runs as well.
    const sequenceNumber = `4959${String(at).padStart(15, '0')}${String(this.#count).padStart(37, '0')}`;
    const line = JSON.stringify({ sequenceNumber, partitionKey, at, data: data.toString() });
    // One after another: the file has the order of the numbers.
    const written = this.#last.then(async () => {
      await mkdir(this.#dir, { recursive: true });
      await appendFile(join(this.#dir, `${stream}.ndjson`), `${line}\n`);
    });
    this.#last = written.catch(() => undefined);
    await written;
    return sequenceNumber;
  }
}
