/** The gauge of a stage as its alarm sees it, and whether its page may resolve. */
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { Bounds } from './bounds.ts';

/** The alarm looks at the highest value of a period this long; milliseconds. */
const PERIOD = 10_000;

export class Gauge {
  /** Since when it has been 1; undefined: it is 0. Milliseconds since 1970, like all times here. */
  roseAt: number | undefined;
  /** Since when the stage has been normal; undefined: it is not. */
  normalSince: number | undefined = -Infinity;
  /** It was degraded again soon after it had become normal. */
  hasRelapsed = false;
  pause = 0;
  pages = 0;
  resolves = 0;
  #lastAt = -Infinity;
  #lastOneAt = -Infinity;

  /** @returns since when it had been 1, when it falls */
  put(value: number, at: number): number | undefined {
    // A slow run reports an earlier state.
    if (at < this.#lastAt) return undefined;
    this.#lastAt = at;
    if (value !== 0) {
      this.#lastOneAt = at;
      if (this.roseAt !== undefined) return undefined;
      this.roseAt = at;
      this.pages += 1;
      return undefined;
    }
    const { roseAt } = this;
    if (roseAt === undefined || at - this.#lastOneAt < PERIOD) return undefined;
    this.roseAt = undefined;
    this.resolves += 1;
    return roseAt;
  }

  entered(record: ModeRecord, before: ModeRecord, now: number, { wellAfter }: Bounds): void {
    if (record.mode === 'degraded' && before.mode === 'normal')
      this.hasRelapsed =
        this.pause > 0 && this.normalSince !== undefined && now - this.normalSince < wellAfter;
    if (record.mode === 'degraded') this.pause = record.pause;
    this.normalSince = record.mode === 'normal' ? now : undefined;
  }
}
