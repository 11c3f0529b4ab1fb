/**
 * Reads a part of the archive: what was archived from a time on, and before another one. Firehose may repeat records and put them into its
 * files in any order, so that all files are read that may have some of it, and what is found is sorted.
 *
 * Memory is bounded: when too much is found, the part is made shorter, and what was archived later is left for the next.
 */
import { HAND_OVER } from '../../../contract/archive.ts';
import { readLine, type ReadLine } from '../../core/event/archive-line.ts';
import type { ArchiveFile, ArchiveFiles } from '../../core/stage/replay-port.ts';

const HOUR = 3_600_000;

/** An event as it will be parked. */
export interface Found extends Pick<
  ReadLine,
  'key' | 'sequence' | 'place' | 'archivedAt' | 'source' | 'receivedAt'
> {
  /** Its JSON. */
  readonly text: string;
}

/** What becomes of a line. `skip`: it is not meant. */
export type Choose = (line: ReadLine) => { readonly text: string } | 'withheld' | 'skip';

export interface Part {
  /** All of it from the beginning to here has been found. */
  readonly until: number;
  /** By key, and in the order of each. */
  readonly found: readonly Found[];
  readonly withheld: number;
}

export interface WindowOptions {
  readonly pick: Choose;
  /** Says without reading a line that it cannot be meant. */
  readonly mayBe: (text: string) => boolean;
  /** Bytes of events, about. */
  readonly budget: number;
  readonly hasTime: () => boolean;
}

const ARCHIVED_AT = /"archivedAt":(\d+)/;

/** Without reading all of a line. */
const archivedAtOf = (text: string): number => Number(ARCHIVED_AT.exec(text)?.[1] ?? NaN);

interface Entry {
  readonly archivedAt: number;
  readonly id: string;
  /** Undefined: the destination does not get it. */
  readonly found: Found | undefined;
}

const nameOf = ({ key, sequence, place }: ReadLine): string => `${key}#${sequence}#${place}`;

const byTime = (a: Entry, b: Entry): number => a.archivedAt - b.archivedAt;

export const bySequence = (a: Found, b: Found): number =>
  compare(a.key, b.key) ||
  a.sequence.length - b.sequence.length ||
  compare(a.sequence, b.sequence) ||
  a.archivedAt - b.archivedAt ||
  a.place - b.place;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

class Collector {
  until: number;
  readonly #from: number;
  readonly #options: WindowOptions;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(from: number, until: number, options: WindowOptions) {
    this.#from = from;
    this.until = until;
    this.#options = options;
  }

  add(text: string): void {
    const at = archivedAtOf(text);
    if (!(at >= this.#from && at < this.until) || !this.#options.mayBe(text)) return;
    const line = readLine(text);
    // By the line itself: an event may have a field of that name.
    if (line === undefined || !(line.archivedAt >= this.#from && line.archivedAt < this.until)) return;
    const picked = this.#options.pick(line);
    if (picked === 'skip') return;
    const id = nameOf(line);
    const known = this.#entries.get(id);
    if (known !== undefined && known.archivedAt <= line.archivedAt) return;
    const { archivedAt, key, sequence, place, source, receivedAt } = line;
    const found =
      picked === 'withheld'
        ? undefined
        : { key, sequence, place, archivedAt, source, receivedAt, text: picked.text };
    this.#bytes += sizeOf(found) - sizeOf(known?.found);
    this.#entries.set(id, { archivedAt, id, found });
    if (this.#bytes > this.#options.budget) this.#shorten();
  }

  get part(): Part {
    const entries = [...this.#entries.values()].filter(({ archivedAt }) => archivedAt < this.until);
    const found = entries.flatMap((entry) => entry.found ?? []).sort(bySequence);
    return { until: this.until, found, withheld: entries.length - found.length };
  }

  /** To half of what there is room for. One millisecond at least is left, however much it has. */
  #shorten(): void {
    const entries = [...this.#entries.values()].sort(byTime);
    let bytes = 0;
    const cut = entries.find(({ found }) => (bytes += sizeOf(found)) > this.#options.budget / 2);
    this.until = Math.max(this.#from + 1, cut?.archivedAt ?? this.until);
    for (const { id, archivedAt, found } of entries) {
      if (archivedAt < this.until) continue;
      this.#entries.delete(id);
      this.#bytes -= sizeOf(found);
    }
  }
}

const sizeOf = (found: Found | undefined): number => (found === undefined ? 0 : found.text.length + 200);

/**
 * @param from when it begins @param end at most up to here
 * @returns `until` is `from` when there was no time for anything
 * @throws InfraFault
 */
export const readPart = async (
  files: ArchiveFiles,
  from: number,
  end: number,
  options: WindowOptions,
): Promise<Part> => {
  const collector = new Collector(from, Math.min(end, (Math.floor(from / HOUR) + 1) * HOUR), options);
  const range = { from, until: collector.until + HAND_OVER };
  const all = [...(await files.files(range))].sort((a, b) => a.began - b.began);
  for (const [i, file] of all.entries()) {
    // Whatever it has was archived later.
    if (file.began >= collector.until + HAND_OVER) break;
    if (!options.hasTime()) {
      collector.until = Math.max(from, Math.min(collector.until, completeBefore(all.slice(i))));
      break;
    }
    for await (const line of files.lines(file)) collector.add(line);
  }
  return collector.part;
};

/** What was archived before has been found, when these files have not been read. */
const completeBefore = ([first]: readonly ArchiveFile[]): number =>
  first === undefined ? Infinity : first.began - HAND_OVER;
