/**
 * What an environment of a stage's function remembers between its invocations: when it last made progress, when it last wrote that,
 * and how many messages it has finished. It lives as long as the process.
 *
 * Progress is written at most once a minute, so that a stage that is well costs next to nothing; and at most once a second while the
 * stage is not well. What is left out for that reason is remembered, and written as soon as the record is seen to need it: a stage
 * is degraded when nothing gets through, and must not be because nobody said so.
 */
import type { ModeRecord, StageProgress } from './record.ts';

/** The shortest time between two writes in trouble, milliseconds. */
const IN_TROUBLE = 1_000;

/** Finished messages are counted in parts of a window. */
const PARTS = 20;

export interface ProgressNoteSettings {
  /** Between two runs of control, milliseconds: how often progress is written while the stage is well. */
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
    const { minute } = this.#settings;
    const interval = isOpen(record) || this.#hasFailed ? Math.min(IN_TROUBLE, minute) : minute;
    if (now - this.#triedAt < interval) return undefined;
    this.#triedAt = now;
    this.#hasFailed = false;
    const taken = this.#unwritten;
    this.#unwritten = {};
    return taken;
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
