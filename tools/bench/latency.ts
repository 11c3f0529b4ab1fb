/** Latencies, in a histogram that keeps three digits of each. */
import { build } from 'hdr-histogram-js';

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export class Latencies {
  /** In microseconds: the histogram takes whole numbers. */
  readonly #histogram = build({ numberOfSignificantValueDigits: 3 });

  record(milliseconds: number): void {
    this.#histogram.recordValue(Math.round(milliseconds * 1_000));
  }

  /** All are 0 when nothing was recorded. Nothing is corrected for requests that were not sent while others waited. */
  percentiles(): Percentiles {
    const at = (percentile: number) => this.#histogram.getValueAtPercentile(percentile) / 1_000;
    return { p50: at(50), p90: at(90), p99: at(99), max: at(100) };
  }
}
