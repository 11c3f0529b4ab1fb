/**
 * The mode machine's rules once more, told as a story rather than as fields of an item: it remembers what happened, and
 * lets its own stopwatches run. The tests compare the machine with it, step by step.
 */
import type { ModeName } from '../../lambdas/core/mode.ts';
import type { ModeSettings } from '../../lambdas/core/mode-machine.ts';
import { HOUR } from './mode-support.ts';

export type Step =
  /** Time goes by. */
  | { readonly do: 'wait'; readonly time: number }
  /** The system shuts or opens; control comes by at once, as it does on every change of mode. */
  | { readonly do: 'shut' | 'open' }
  | { readonly do: 'redriven'; readonly id: string }
  | { readonly do: 'failed'; readonly key: string }
  | { readonly do: 'succeeded' | 'crashed' }
  | { readonly do: 'hold' | 'resume' | 'look' }
  | { readonly do: 'answered' | 'not answered'; readonly version: string };

/** Work of a stage runs with this code; so a crash or failure of a message is this code's. */
export const VERSION = 'v1';

export class Oracle {
  mode: ModeName = 'normal';
  held = false;
  shut = false;
  changes = 0;
  pause = 0;
  successes = 0;
  readonly #settings: ModeSettings;
  readonly #isDestination: boolean;
  #now = 0;
  #redrives: readonly { id: string; at: number }[] = [];
  #failures: readonly { key: string; at: number }[] = [];
  #unanswered = 0;
  #pauseLeft = 0;
  #window = 0;
  #normalFor = Infinity;
  #crashedVersion = '';

  constructor(settings: ModeSettings, isDestination: boolean) {
    this.#settings = settings;
    this.#isDestination = isDestination;
  }

  clone(): Oracle {
    const copy = new Oracle(this.#settings, this.#isDestination);
    Object.assign(copy, { mode: this.mode, held: this.held, shut: this.shut });
    Object.assign(copy, { changes: this.changes, pause: this.pause, successes: this.successes });
    copy.#now = this.#now;
    copy.#redrives = this.#redrives;
    copy.#failures = this.#failures;
    copy.#unanswered = this.#unanswered;
    copy.#pauseLeft = this.#pauseLeft;
    copy.#window = this.#window;
    copy.#normalFor = this.#normalFor;
    copy.#crashedVersion = this.#crashedVersion;
    return copy;
  }

  /** Texts are the same only if the future is: ages that make no difference any more are cut. */
  key(): string {
    const { window, breakerFailures, breakerTime } = this.#settings;
    const counts = this.mode !== 'degraded';
    const age = (at: number | undefined, limit: number) => Math.min(this.#now - (at ?? this.#now), limit);
    return JSON.stringify([
      [this.mode, this.held, this.shut, Math.min(this.#unanswered, 2)],
      counts && this.#redrives.map(({ id, at }) => [id, age(at, window + 1)]),
      counts && [
        Math.min(this.#failures.length, breakerFailures),
        [...new Set(this.#failures.map(({ key }) => key))].sort(),
        age(this.#failures[0]?.at, breakerTime),
      ],
      this.mode === 'recovering' && [this.successes, Math.min(this.#window, window)],
      this.mode === 'degraded' && [Math.max(this.#pauseLeft, 0), this.#crashedVersion],
      this.mode === 'normal' && Math.min(this.#normalFor, HOUR),
      this.pause,
    ]);
  }

  /** Held, or shut by the system. */
  get stopped(): boolean {
    return this.held || this.shut;
  }

  step(step: Step): void {
    switch (step.do) {
      case 'wait':
        this.#now += step.time;
        this.#normalFor += step.time;
        if (this.stopped) return;
        this.#pauseLeft -= step.time;
        this.#window += step.time;
        return;
      case 'shut':
      case 'open':
        this.shut = step.do === 'shut';
        this.#look();
        return;
      case 'hold':
        this.held = true;
        return;
      case 'resume':
        this.held = false;
        if (this.mode !== 'degraded') return;
        this.#pauseLeft = 0;
        if (!this.shut) this.#recover();
        return;
      case 'look':
        this.#look();
        return;
      case 'answered':
        this.#unanswered = 0;
        this.#look(step.version);
        return;
      case 'not answered':
        this.#unanswered += 1;
        if (this.mode !== 'degraded' && this.#unanswered >= 2) this.#degrade(step.version);
        else this.#look();
        return;
      case 'redriven':
      case 'failed':
      case 'succeeded':
      case 'crashed':
        if (this.mode !== 'degraded') this.#message(step);
    }
  }

  #message(step: Extract<Step, { do: 'redriven' | 'failed' | 'succeeded' | 'crashed' }>): void {
    const { redriveThreshold, window, breakerFailures, breakerTime, recoverAfter } = this.#settings;
    const untried = this.mode === 'recovering' && this.successes === 0;
    switch (step.do) {
      case 'redriven':
        if (this.#redrives.some(({ id }) => id === step.id)) return;
        this.#redrives = this.#redrives.filter(({ at }) => this.#now - at <= window);
        this.#redrives = [...this.#redrives, { id: step.id, at: this.#now }];
        if (untried || this.#redrives.length >= redriveThreshold) this.#degrade(VERSION);
        return;
      case 'failed': {
        if (!this.#isDestination) return;
        this.#failures = [...this.#failures, { key: step.key, at: this.#now }];
        const users = new Set(this.#failures.map(({ key }) => key)).size;
        const since = this.#failures[0]?.at ?? this.#now;
        if (this.#failures.length >= breakerFailures && users >= 2 && this.#now - since >= breakerTime)
          this.#degrade(VERSION);
        return;
      }
      case 'succeeded':
        this.#failures = [];
        if (this.mode !== 'recovering' || this.stopped) return;
        this.successes += 1;
        if (this.successes >= recoverAfter) this.#becomeNormal();
        return;
      case 'crashed':
        if (untried) this.#window = 0;
    }
  }

  /** What only time, and other code, bring about. */
  #look(answeredBy?: string): void {
    if (this.stopped) return;
    if (this.mode === 'recovering') {
      if (this.#window >= this.#settings.window && this.#unanswered === 0) this.#becomeNormal();
    } else if (this.mode === 'degraded') {
      const isOther = answeredBy !== undefined && answeredBy !== this.#crashedVersion;
      if (isOther || (this.#pauseLeft <= 0 && this.#unanswered === 0)) this.#recover();
    }
  }

  #degrade(version: string): void {
    const { pause, maxPause } = this.#settings;
    const isFirst = this.pause === 0 || (this.mode === 'normal' && this.#normalFor >= HOUR);
    this.pause = Math.min(isFirst ? pause : 2 * this.pause, maxPause);
    this.#pauseLeft = this.pause;
    this.#crashedVersion = version;
    this.#enter('degraded');
  }

  #recover(): void {
    this.#redrives = [];
    this.#failures = [];
    this.#unanswered = 0;
    this.#window = 0;
    this.#enter('recovering');
  }

  #becomeNormal(): void {
    this.#normalFor = 0;
    this.#enter('normal');
  }

  #enter(mode: ModeName): void {
    this.mode = mode;
    this.successes = 0;
    this.changes += 1;
  }
}
