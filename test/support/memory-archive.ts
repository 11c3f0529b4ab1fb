/** An archive in memory, as Firehose leaves one: records repeated, and in any order within its files. */
import type {
  ArchiveFile,
  ArchiveFiles,
  Erasure,
  ErasureStore,
  ReplayRecord,
  ReplayStore,
} from '../../lambdas/core/stage/replay-port.ts';
import { toLine, type Archived } from '../../lambdas/core/event/archive-line.ts';

export class MemoryArchive implements ArchiveFiles {
  readonly #files = new Map<string, { readonly began: number; readonly lines: string[] }>();
  /** The files whose lines were read. */
  readonly read: string[] = [];

  /** @param began of the file that it comes to */
  put(archived: Archived, archivedAt: number, began = archivedAt): void {
    const name = `f${String(began).padStart(15, '0')}`;
    const file = this.#files.get(name) ?? { began, lines: [] };
    file.lines.push(toLine(archived, archivedAt));
    this.#files.set(name, file);
  }

  files({ from, until }: { readonly from: number; readonly until: number }): Promise<readonly ArchiveFile[]> {
    const all = [...this.#files].map(([name, { began }]) => ({ name, began }));
    return Promise.resolve(all.filter(({ began }) => began >= from - 900_000 && began < until).reverse());
  }

  async *lines({ name }: ArchiveFile): AsyncGenerator<string> {
    await Promise.resolve();
    this.read.push(name);
    // Later ones first.
    yield* (this.#files.get(name)?.lines ?? []).toReversed();
  }
}

export class MemoryReplays implements ReplayStore {
  readonly records = new Map<string, ReplayRecord>();

  read(id: string): Promise<ReplayRecord | undefined> {
    return Promise.resolve(structuredClone(this.records.get(id)));
  }

  save(record: ReplayRecord): Promise<boolean> {
    if ((this.records.get(record.id)?.rev ?? 0) !== record.rev - 1) return Promise.resolve(false);
    this.records.set(record.id, structuredClone(record));
    return Promise.resolve(true);
  }
}

export class MemoryErasures implements ErasureStore {
  readonly entries: (Erasure & { readonly expires: number | undefined })[] = [];
  looks = 0;

  async add(erasure: Erasure, expires?: number): Promise<void> {
    await Promise.resolve();
    this.entries.push({ ...erasure, expires });
  }

  async since(from: number): Promise<readonly Erasure[]> {
    await Promise.resolve();
    this.looks += 1;
    return this.entries.filter(({ at }) => at >= from).map(({ names, at }) => ({ names, at }));
  }
}
