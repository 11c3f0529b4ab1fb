/**
 * The template's alarms. Each second every alarm is evaluated over the periods that have ended; a change of state is
 * written to the disk together with the notification that it owes, so that a kill loses neither, and a restart pages
 * nobody twice.
 */
import writeFileAtomic from 'write-file-atomic';
import {
  loadAlarms,
  NOTHING,
  withChange,
  type AlarmChange,
  type KeptAlarm,
  type KeptAlarms,
  type Notification,
} from './alarm-states.ts';
import { calculate, STATISTICS, type AlarmSpec } from './alarm-spec.ts';
import { evaluate, evaluationRange, type AlarmState, type Verdict } from './evaluation.ts';
import type { Series } from './expression.ts';
import type { MetricStore } from './metric-store.ts';

export interface AlarmStatus {
  readonly name: string;
  readonly description: string;
  readonly state: AlarmState;
  /** When it took that state; milliseconds since 1970. */
  readonly since: number;
  readonly reason: string;
}

export interface AlarmsOptions {
  readonly store: Pick<MetricStore, 'statistics'>;
  /** Where states are kept. */
  readonly file: string;
  /** Resolves when the notification is stored; may be given the same one twice. */
  readonly publish: (notification: Notification) => Promise<void>;
  readonly onTrouble: (line: string) => void;
  /** Default: the system's. */
  readonly clock?: () => number;
}

const EVERY_MS = 1_000;
/** A machine that slept has missed as much as one that was off. */
const GAP_MS = 15_000;
const MINUTE = 60_000;
const REMOVED = 'what it watched is removed from the pipeline';

export class Alarms {
  readonly #options: AlarmsOptions;
  readonly #clock: () => number;
  #stored: KeptAlarms = NOTHING;
  #loaded = false;
  #specs: readonly AlarmSpec[] = [];
  /** Since when values have come in without a gap. */
  #watchingSince: number;
  #lastTick: number;
  #timer: NodeJS.Timeout | undefined;
  /** One piece of work after another: a deployment, an evaluation, the sending. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: AlarmsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#watchingSince = this.#lastTick = this.#clock();
  }

  /** A new alarm has insufficient data; one that exists keeps its state, changed or not, as on AWS. */
  deploy(specs: readonly AlarmSpec[]): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#loaded) this.#stored = await loadAlarms(this.#options.file);
      this.#loaded = true;
      const now = this.#clock();
      const alarms = specs.map((spec): [string, KeptAlarm] => {
        const configuration = JSON.stringify(spec);
        const known = this.#stored.alarms[spec.name];
        if (known?.configuration === configuration) return [spec.name, known];
        return [
          spec.name,
          {
            state: 'INSUFFICIENT_DATA',
            since: now,
            reason: 'Unchecked: Initial alarm creation',
            ...known,
            configuration,
            configuredAt: now,
          },
        ];
      });
      const names = new Set(specs.map(({ name }) => name));
      const resolved = this.#resolveAll((name) => !names.has(name));
      await this.#store({ ...resolved, alarms: Object.fromEntries(alarms) });
      this.#specs = specs;
    });
  }

  /** Evaluates each second from now on. */
  start(): void {
    this.#timer ??= setInterval(() => void this.tick(), EVERY_MS);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#work;
  }

  get list(): readonly AlarmStatus[] {
    return this.#specs.flatMap(({ name, description }) => {
      const kept = this.#stored.alarms[name];
      if (kept === undefined) return [];
      const { state, since, reason } = kept;
      return [{ name, description, state, since, reason }];
    });
  }

  /** The latest changes of state, the latest last. */
  get history(): readonly AlarmChange[] {
    return this.#stored.history;
  }

  /** Evaluates all alarms once, and sends what is owed. A failure is reported, and the next tick makes up for it. */
  async tick(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        await this.#evaluateAll();
        await this.#send();
      });
    } catch (error) {
      this.#options.onTrouble(`alarms could not be evaluated, will try again: ${String(error)}`);
    }
  }

  async #evaluateAll(): Promise<void> {
    const now = this.#clock();
    if (now - this.#lastTick > GAP_MS) this.#watchingSince = now;
    this.#lastTick = now;
    const changes = this.#specs.flatMap((spec) => {
      const kept = this.#stored.alarms[spec.name];
      const verdict = this.#evaluate(spec, now);
      if (kept === undefined || verdict === undefined || verdict.state === kept.state) return [];
      return [{ spec, kept, verdict }];
    });
    if (changes.length === 0) return;
    let stored = this.#stored;
    for (const { spec, kept, verdict } of changes) {
      const { state: to, reason } = verdict;
      const alarms = { ...stored.alarms, [spec.name]: { ...kept, state: to, reason, since: now } };
      stored = { ...withChange(stored, spec, kept, { to, reason, at: now }), alarms };
    }
    await this.#store(stored);
  }

  /** What the custom resource of the template does on AWS: an alarm in ALARM is resolved before it is deleted, or its page would stay open. */
  #resolveAll(isRemoved: (name: string) => boolean): KeptAlarms {
    const now = this.#clock();
    let stored = this.#stored;
    for (const [name, kept] of Object.entries(this.#stored.alarms)) {
      if (!isRemoved(name) || kept.state !== 'ALARM') continue;
      // It may have been removed while nothing ran here: what is stored says whom it notifies.
      const spec = JSON.parse(kept.configuration) as AlarmSpec;
      stored = withChange(stored, spec, kept, { to: 'OK', reason: REMOVED, at: now });
    }
    return stored;
  }

  #evaluate(spec: AlarmSpec, now: number): Verdict | undefined {
    const { period, evaluationPeriods } = spec;
    // Periods end on the minute, those that are shorter on their own multiples. The present one has not ended.
    const grid = Math.min(period, MINUTE);
    const end = Math.floor(now / grid) * grid;
    // What was missed while nobody looked says nothing: a restart must not page for its own pause.
    const watched = end - evaluationPeriods * period >= this.#watchingSince;
    return evaluate(watched ? spec : { ...spec, treatMissing: 'ignore' }, this.#valuesOf(spec, end));
  }

  #valuesOf({ period, evaluationPeriods, queries, returned }: AlarmSpec, end: number): Series {
    const periods = evaluationRange({ evaluationPeriods });
    const values = calculate(queries, ({ metric, statistic }) =>
      Array.from({ length: periods }, (_, i) => {
        const from = end - (periods - i) * period;
        const statistics = this.#options.store.statistics(metric, from, from + period);
        return statistics === undefined ? undefined : STATISTICS[statistic](statistics);
      }),
    );
    return values.get(returned) ?? [];
  }

  async #send(): Promise<void> {
    for (const notification of this.#stored.unsent) {
      await this.#options.publish(notification);
      const unsent = this.#stored.unsent.filter(({ id }) => id !== notification.id);
      await this.#store({ ...this.#stored, unsent });
    }
  }

  /** Takes effect only once it is on the disk. */
  async #store(stored: KeptAlarms): Promise<void> {
    await writeFileAtomic(this.#options.file, JSON.stringify(stored));
    this.#stored = stored;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#work.then(work);
    // The caller gets the failure; the next in turn is not concerned.
    this.#work = result.catch(() => undefined);
    return result;
  }
}
