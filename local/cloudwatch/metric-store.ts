/**
 * What CloudWatch keeps of metrics, in memory: for each second of the last hour and each minute of the last day how many
 * values there were, their sum, the least and the greatest. Percentiles cannot be calculated from that, and are not offered.
 */

export type Dimensions = Readonly<Record<string, string>>;

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Dimensions;
}

export interface Statistics {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface Datum extends MetricId {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly statistics: Statistics;
  /** Published for each second. Alarms with periods of less than a minute see no others. */
  readonly highResolution: boolean;
}

export interface MetricQuery {
  readonly name: string;
  /** Default: all. */
  readonly namespace?: string;
  /** Metrics that have these dimensions among theirs. Default: all of the name. */
  readonly dimensions?: Dimensions;
  /** Milliseconds since 1970; rounded down to a whole step. */
  readonly from: number;
  /** Excluded. */
  readonly to: number;
  /** Milliseconds: whole seconds below a minute (the last hour), else whole minutes (the last day). */
  readonly step: number;
}

export interface MetricPoint extends Statistics {
  /** Where the step begins; milliseconds since 1970. */
  readonly at: number;
}

/** One combination of a name and dimensions; a metric that is published under several dimension sets has several. */
export interface MetricSeries extends MetricId {
  /** Oldest first; steps without values are left out. */
  readonly points: readonly MetricPoint[];
}

const SECOND = 1_000;
const MINUTE = 60_000;
const KEEP_SECONDS_FOR = 3_600_000;
const KEEP_MINUTES_FOR = 25 * 3_600_000;
/** Buckets beyond those that are kept before they are looked through again. */
const SLACK = 120;

export const single = (value: number): Statistics => ({ count: 1, sum: value, min: value, max: value });

export const merge = (a: Statistics | undefined, b: Statistics): Statistics =>
  a === undefined
    ? b
    : {
        count: a.count + b.count,
        sum: a.sum + b.sum,
        min: Math.min(a.min, b.min),
        max: Math.max(a.max, b.max),
      };

const keyOf = ({ namespace, name, dimensions }: MetricId): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** Statistics by the beginning of their bucket. */
class Buckets {
  readonly #size: number;
  readonly #keepFor: number;
  readonly #all = new Map<number, Statistics>();

  constructor(size: number, keepFor: number) {
    this.#size = size;
    this.#keepFor = keepFor;
  }

  add(at: number, statistics: Statistics, now: number): void {
    const start = Math.floor(at / this.#size) * this.#size;
    this.#all.set(start, merge(this.#all.get(start), statistics));
    if (this.#all.size <= this.#keepFor / this.#size + SLACK) return;
    for (const key of this.#all.keys()) if (key < now - this.#keepFor) this.#all.delete(key);
  }

  /** From `from`, included, to `to`, excluded: the buckets that begin there. */
  between(from: number, to: number): Statistics | undefined {
    let result: Statistics | undefined;
    for (let at = Math.ceil(from / this.#size) * this.#size; at < to; at += this.#size) {
      const found = this.#all.get(at);
      if (found !== undefined) result = merge(result, found);
    }
    return result;
  }
}

interface Series {
  readonly id: MetricId;
  readonly seconds: Buckets;
  readonly minutes: Buckets;
  highResolution: boolean;
}

export class MetricStore {
  readonly #clock: () => number;
  readonly #series = new Map<string, Series>();

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  put({ at, statistics, highResolution, ...id }: Datum): void {
    const key = keyOf(id);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = {
        id,
        seconds: new Buckets(SECOND, KEEP_SECONDS_FOR),
        minutes: new Buckets(MINUTE, KEEP_MINUTES_FOR),
        highResolution: false,
      };
      this.#series.set(key, series);
    }
    const now = this.#clock();
    series.highResolution ||= highResolution;
    series.seconds.add(at, statistics, now);
    series.minutes.add(at, statistics, now);
  }

  /**
   * What an alarm reads: the values from `from`, included, to `to`, excluded, both milliseconds since 1970.
   * @returns undefined when there are none; also when less than a minute is asked of a metric of standard resolution
   */
  statistics(id: MetricId, from: number, to: number): Statistics | undefined {
    const series = this.#series.get(keyOf(id));
    if (series === undefined) return undefined;
    if (to - from >= MINUTE) return series.minutes.between(from, to);
    return series.highResolution ? series.seconds.between(from, to) : undefined;
  }

  /** What a chart reads. @throws RangeError for a step that is not whole seconds, or not whole minutes from one on */
  query({ name, namespace, dimensions = {}, from, to, step }: MetricQuery): readonly MetricSeries[] {
    const unit = step < MINUTE ? SECOND : MINUTE;
    if (!(step >= SECOND) || step % unit !== 0) {
      throw new RangeError(`step is ${step} ms; use whole seconds below a minute, else whole minutes`);
    }
    const wanted = Object.entries(dimensions);
    const matches = ({ id }: Series): boolean =>
      id.name === name &&
      (namespace === undefined || id.namespace === namespace) &&
      wanted.every(([key, value]) => id.dimensions[key] === value);
    return [...this.#series.values()].filter(matches).map(({ id, seconds, minutes }) => {
      const buckets = unit === SECOND ? seconds : minutes;
      const points: MetricPoint[] = [];
      for (let at = Math.floor(from / step) * step; at < to; at += step) {
        const found = buckets.between(at, at + step);
        if (found !== undefined) points.push({ at, ...found });
      }
      return { ...id, points };
    });
  }
}
