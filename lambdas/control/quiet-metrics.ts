/**
 * Which of control's values are worth their price: a metric costs by the hour in which it is written, and a call each time. Nothing is
 * what most of them are most of the time.
 */
import type { Clock } from '../core/base/clock.ts';
import type { MetricDatum, Metrics } from './ports.ts';

/**
 * Alarms on them keep their state where nothing was measured, or ring: they are written each minute. For others a value that is missing is
 * as good as nothing.
 */
const ALWAYS: ReadonlySet<MetricDatum['name']> = new Set([
  'DegradedMode',
  'Heartbeat',
  'RecordsExpiring',
  'RecordsExpiringSoon',
  'DaysSinceDrill',
]);

/** They are something in each minute, and no news: that there was a run, and that time has passed. */
const NEVER_NEWS: ReadonlySet<MetricDatum['name']> = new Set(['Heartbeat', 'DaysSinceDrill']);

/** For how long a value of nothing is news after one of something: it resolves what the other one rang. Milliseconds. */
const NEWS = 3_600_000;

const keyOf = ({ name, dimensions }: MetricDatum): string => JSON.stringify([name, dimensions]);

/** What is something, or was of late, is put by a call, which arrives immediately. The rest can wait for the log, or is left out. */
export class QuietMetrics implements Metrics {
  readonly #called: Metrics;
  readonly #logged: Metrics;
  readonly #clock: Clock;
  /** When a value was last something, as this process knows it. */
  readonly #somethingAt = new Map<string, number>();

  constructor(called: Metrics, logged: Metrics, clock: Clock) {
    this.#called = called;
    this.#logged = logged;
    this.#clock = clock;
  }

  async put(data: readonly MetricDatum[]): Promise<void> {
    const news = data.filter((datum) => this.#isNews(datum));
    const rest = data.filter((datum) => ALWAYS.has(datum.name) && !news.includes(datum));
    if (rest.length > 0) await this.#logged.put(rest);
    if (news.length > 0) await this.#called.put(news);
  }

  #isNews(datum: MetricDatum): boolean {
    if (NEVER_NEWS.has(datum.name)) return false;
    const key = keyOf(datum);
    const now = this.#clock();
    if (datum.value !== 0) this.#somethingAt.set(key, now);
    return now - (this.#somethingAt.get(key) ?? -Infinity) < NEWS;
  }
}
