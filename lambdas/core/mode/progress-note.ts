/**
 * What an environment of a stage's function remembers between its invocations: when it last made progress, when it last wrote that,
 * and how many messages it has finished. It lives as long as the process.
 *
 * Progress is written if it is a minute later than what was written last, so that a stage that is well costs next to nothing; while the
 * stage is not well, a second later. It goes by when progress was made, not by when it was written: after a write of progress made long
 * before, an environment may be frozen with newer progress that nobody knows of. What is left out is remembered, and written as soon as
 * the record is seen to need it: a stage is degraded when nothing gets through, and must not be because nobody said so.
 */
import type { ModeRecord, StageProgress } from './record.ts';

/** How much later progress is that is written in trouble, and the shortest time from a write that failed to the next; milliseconds. */
const IN_TROUBLE = 1_000;

/** Finished messages are counted in parts of a window. */
const PARTS = 20;

export interface ProgressNoteSettings {
  /** Between two runs of control, milliseconds: how much later progress is that is written while the stage is well. */
  readonly minute: number;
  /** Milliseconds in which redrives are counted, and finished messages with them. */
  readonly window: number;
}

/** Something is counted against the stage: progress ends it, and must be known. */
export const isOpen = ({
  mode,
  failing,
  rejecting,
  deaths,
  doubtAt,
  probeFailures,
  relapsed,
  proven,
}: Pick<
  ModeRecord,
  'mode' | 'failing' | 'rejecting' | 'deaths' | 'doubtAt' | 'probeFailures' | 'relapsed' | 'proven'
>): boolean =>
  mode !== 'normal' ||
  // The gauge of a relapse waits for it.
  (relapsed && !proven) ||
  failing !== undefined ||
  rejecting !== undefined ||
  deaths.length > 0 ||
  doubtAt !== undefined ||
  probeFailures > 0;

export class ProgressNote {
  readonly #settings: ProgressNoteSettings;
  #last: StageProgress = {};
  #unwritten: StageProgress = {};
  /** What was written last of each kind, or was to be. */
  #taken: StageProgress = {};
  #triedAt = -Infinity;
  /** The latest write. */
  #hasFailed = false;
  #finished: readonly { readonly part: number; readonly count: number }[] = [];

  constructor(settings: ProgressNoteSettings) {
    this.#settings = settings;
  }

  /** The latest progress that this environment has made. */
  get last(): StageProgress {
    return this.#last;
  }

  made(kind: keyof StageProgress, now: number): void {
    this.#last = { ...this.#last, [kind]: now };
    this.#unwritten = { ...this.#unwritten, [kind]: now };
  }

  /**
   * What is to be written now. It counts as written: `failed` takes that back.
   * @param stored what is known to be stored: nothing older takes its place
   */
  take(record: ModeRecord, stored: StageProgress, now: number): StageProgress | undefined {
    const newer = (kind: keyof StageProgress): StageProgress => {
      const at = this.#unwritten[kind];
      return at !== undefined && at > (stored[kind] ?? 0) ? { [kind]: at } : {};
    };
    this.#unwritten = { ...newer('deliveredAt'), ...newer('filteredAt') };
    if (Object.keys(this.#unwritten).length === 0) return undefined;
    if (!this.#isDue(record, now)) return undefined;
    this.#triedAt = now;
    this.#hasFailed = false;
    const taken = this.#unwritten;
    this.#taken = { ...this.#taken, ...taken };
    this.#unwritten = {};
    return taken;
  }

  #isDue(record: ModeRecord, now: number): boolean {
    const { minute } = this.#settings;
    const second = Math.min(IN_TROUBLE, minute);
    if (this.#hasFailed) return now - this.#triedAt >= second;
    const interval = isOpen(record) ? second : minute;
    const isLater = (kind: keyof StageProgress): boolean => {
      const at = this.#unwritten[kind];
      return at !== undefined && at - (this.#taken[kind] ?? -Infinity) >= interval;
    };
    return isLater('deliveredAt') || isLater('filteredAt');
  }

  /** It could not be written: it is tried again after a second, and not only after a minute, since it may be the last for long. */
  failed(taken: StageProgress): void {
    this.#unwritten = { ...taken, ...this.#unwritten };
    this.#hasFailed = true;
  }

  /** A message was finished. */
  finished(now: number): void {
    const part = this.#partOf(now);
    const recent = this.#finished.filter((one) => part - one.part <= PARTS);
    const before = recent.find((one) => one.part === part);
    const others = recent.filter((one) => one.part !== part);
    this.#finished = [...others, { part, count: (before?.count ?? 0) + 1 }];
  }

  /** Messages finished since the last redrive that this environment saw, or since the window began. */
  processed(now: number): number {
    const part = this.#partOf(now);
    return this.#finished
      .filter((one) => part - one.part <= PARTS)
      .reduce((sum, { count }) => sum + count, 0);
  }

  /** A redrive was counted, with what had been processed. */
  redriven(): void {
    this.#finished = [];
  }

  #partOf(now: number): number {
    return Math.floor((now * PARTS) / this.#settings.window);
  }
}
