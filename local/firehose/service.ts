/**
 * Streams of Data Firehose on one machine: what is put to a stream is in a file before it is answered, and that file becomes a gzip object of
 * the stream's bucket when its time is over. A restart makes objects of what was left.
 */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { hourFolder } from '../../contract/archive.ts';
import { ignoreMissing } from '../common/files.ts';

export interface StreamSpec {
  readonly name: string;
  readonly bucket: string;
  /** Of its objects' names; up to the folder of the hour. */
  readonly prefix: string;
}

/** Where a stream's objects go. */
export interface ObjectStore {
  put(bucket: string, key: string, data: Buffer): Promise<void>;
}

export class NoSuchDeliveryStream extends Error {
  override name = 'NoSuchDeliveryStream';
}

/** Milliseconds after which an object is made. AWS takes a minute at least; here one wants to see it. */
const BUFFER_MS = 1_000;

/** Bytes after which one is made before that. */
const BUFFER_BYTES = 16 * 1024 * 1024;

interface Spool {
  readonly file: string;
  readonly began: number;
  bytes: number;
}

const compress = promisify(gzip);

/** `2026-01-31-07-05-09`, as in the names of Firehose's objects. */
const nameTime = (time: number): string => new Date(time).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');

/** As Firehose names an object, with what tells it from others of the same second. */
export const objectName = ({ name, prefix }: Omit<StreamSpec, 'bucket'>, began: number, id: string): string =>
  `${prefix}${hourFolder(began)}${name}-1-${nameTime(began)}-${id}.gz`;

export class FirehoseService {
  readonly #dir: string;
  readonly #s3: ObjectStore;
  readonly #onTrouble: (line: string) => void;
  readonly #spools = new Map<string, Spool>();
  #streams: ReadonlyMap<string, StreamSpec> = new Map();
  /** Writes are made one after another. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  constructor(dataDir: string, s3: ObjectStore, onTrouble: (line: string) => void) {
    this.#dir = join(dataDir, 'firehose');
    this.#s3 = s3;
    this.#onTrouble = onTrouble;
    this.#timer = setInterval(() => {
      this.flush(Date.now() - BUFFER_MS).catch((error: unknown) => this.#onTrouble(String(error)));
    }, BUFFER_MS / 4);
  }

  /** What a run before this one has left becomes objects. */
  async deploy(streams: readonly StreamSpec[]): Promise<void> {
    this.#streams = new Map(streams.map((stream) => [stream.name, stream]));
    const left = (await ignoreMissing(readdir(this.#dir))) ?? [];
    for (const file of left) {
      const [, name, began] = /^(.+)\.(\d+)\.ndjson$/.exec(file) ?? [];
      if (name === undefined || !this.#streams.has(name) || this.#spools.get(name)?.file === file) continue;
      await this.#after(() => this.#store(name, { file, began: Number(began), bytes: 0 }));
    }
  }

  /** Resolves when the record is in a file. @returns its id @throws NoSuchDeliveryStream */
  async put(name: string, data: Buffer): Promise<string> {
    if (!this.#streams.has(name)) throw new NoSuchDeliveryStream(name);
    await this.#after(async () => {
      const began = Date.now();
      const spool = this.#spools.get(name) ?? { file: `${name}.${began}.ndjson`, began, bytes: 0 };
      await mkdir(this.#dir, { recursive: true });
      await appendFile(join(this.#dir, spool.file), data);
      spool.bytes += data.length;
      this.#spools.set(name, spool);
      if (spool.bytes >= BUFFER_BYTES) await this.#roll(name, spool);
    });
    return randomUUID();
  }

  /** Makes objects of what began before that. */
  async flush(before = Infinity): Promise<void> {
    await this.#after(async () => {
      for (const [name, spool] of this.#spools) if (spool.began <= before) await this.#roll(name, spool);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #roll(name: string, spool: Spool): Promise<void> {
    await this.#store(name, spool);
    this.#spools.delete(name);
  }

  async #store(name: string, { file, began }: Spool): Promise<void> {
    const stream = this.#streams.get(name);
    if (stream === undefined) return;
    const path = join(this.#dir, file);
    const object = objectName(stream, began, randomUUID());
    await this.#s3.put(stream.bucket, object, await compress(await readFile(path)));
    await rm(path);
  }

  async #after(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    await done;
  }
}
