/** Buckets on one machine: an object is a file, below a folder with its bucket's name. */
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { ignoreMissing } from '../common/files.ts';

export interface ObjectView {
  readonly key: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

export class S3Service {
  readonly #dir: string;

  constructor(dataDir: string) {
    this.#dir = join(dataDir, 's3');
  }

  async put(bucket: string, key: string, data: Buffer): Promise<void> {
    const path = this.#path(bucket, key);
    await mkdir(dirname(path), { recursive: true });
    // Whole, or not at all.
    await writeFile(`${path}.part`, data);
    await rename(`${path}.part`, path);
  }

  /** @returns undefined when there is none */
  get(bucket: string, key: string): Promise<Buffer | undefined> {
    return ignoreMissing(readFile(this.#path(bucket, key)));
  }

  /** Objects whose names begin so, by their names. */
  async list(bucket: string, prefix: string): Promise<readonly ObjectView[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const root = this.#path(bucket, '');
    const entries =
      (await ignoreMissing(readdir(this.#path(bucket, folder), { recursive: true, withFileTypes: true }))) ??
      [];
    const found: ObjectView[] = [];
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.endsWith('.part')) continue;
      const path = join(entry.parentPath, entry.name);
      const key = path.slice(root.length).split(sep).filter(Boolean).join('/');
      if (!key.startsWith(prefix)) continue;
      const { size, mtimeMs } = await stat(path);
      found.push({ key, size, modified: mtimeMs });
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** @throws Error for a name that leads out of the folder */
  #path(bucket: string, key: string): string {
    const root = join(this.#dir, bucket);
    const path = normalize(join(root, key));
    if (!root.startsWith(this.#dir + sep) || !(path === root || path.startsWith(root + sep)))
      throw new Error(`${bucket}/${key} is not the name of an object`);
    return path.replace(/[/\\]$/, '');
  }
}
