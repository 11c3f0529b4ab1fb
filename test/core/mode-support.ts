/** A stage's mode and what happens to it, for the tests of the mode machine. */
import { NORMAL, type Crash, type ModeRecord } from '../../lambdas/core/mode.ts';
import { decide, type ModeEvent, type ModeSettings, type Probe } from '../../lambdas/core/mode-machine.ts';

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Any time, well after 1970. */
export const START = 1_763_000_000_000;

/** The defaults of the configuration. */
export const SETTINGS: ModeSettings = {
  redriveThreshold: 5,
  window: 5 * MINUTE,
  pause: 5 * MINUTE,
  maxPause: HOUR,
  recoverAfter: 20,
  breakerFailures: 20,
  breakerTime: 2 * MINUTE,
  spillAfter: 7 * DAY,
};

export const OPEN: ModeRecord = NORMAL;
export const SHUT: ModeRecord = { ...NORMAL, mode: 'degraded', rev: 1 };

export const crash = (rest: Partial<Crash> = {}): Crash => ({
  kind: 'throw',
  error: 'TypeError: no name',
  codeVersion: 'v1',
  at: START,
  ...rest,
});

export const answered = (codeVersion = 'v1'): Probe => ({ kind: 'answered', codeVersion });
export const failedProbe = (rest: Partial<Crash> = {}): Probe => ({
  kind: 'failed',
  crash: crash({ kind: 'load', error: 'Error: cannot load\n  in a file', ...rest }),
});
export const tick = (probe?: Probe): ModeEvent =>
  probe === undefined ? { type: 'tick' } : { type: 'tick', probe };

/** A stage with a clock. Events carry its present epoch unless they say otherwise. */
export class Stage {
  now = START;
  record: ModeRecord;
  system: ModeRecord | undefined;
  readonly settings: ModeSettings;

  constructor({
    record = NORMAL,
    system,
    settings = {},
  }: { record?: ModeRecord; system?: ModeRecord; settings?: Partial<ModeSettings> } = {}) {
    this.record = record;
    this.system = system;
    this.settings = { ...SETTINGS, ...settings };
  }

  /** @returns whether it was written */
  apply(event: ModeEvent): boolean {
    const next = decide(this.record, this.system, event, this.now, this.settings);
    if (next === undefined) return false;
    this.record = { ...next, rev: Math.max(this.record.rev, 0) + 1 };
    return true;
  }

  after(milliseconds: number): this {
    this.now += milliseconds;
    return this;
  }

  redriven(messageId: string, epoch = this.record.epoch): boolean {
    return this.apply({ type: 'redriven', epoch, messageId, crash: crash({ messageId, at: this.now }) });
  }

  failed(key: string, epoch = this.record.epoch): boolean {
    return this.apply({ type: 'failed', epoch, key, codeVersion: 'v1' });
  }

  succeeded(epoch = this.record.epoch): boolean {
    return this.apply({ type: 'succeeded', epoch });
  }

  crashed(epoch = this.record.epoch): boolean {
    return this.apply({ type: 'crashed', epoch });
  }

  tick(probe?: Probe): boolean {
    return this.apply(tick(probe));
  }

  hold(reason = 'looking into it'): boolean {
    return this.apply({ type: 'hold', reason });
  }

  resume(): boolean {
    return this.apply({ type: 'resume' });
  }

  /** To degraded, by as many redrives at once as that takes. */
  degrade(): this {
    const epoch = this.record.epoch;
    for (let i = 0; this.record.epoch === epoch; i++) {
      if (i > this.settings.redriveThreshold) throw new Error(`it is not degraded by ${i} redrives`);
      this.redriven(`poison ${epoch}:${i}`);
    }
    return this;
  }

  /** To recovering, the way an operator does it. */
  recover(): this {
    this.degrade().resume();
    return this;
  }

  get mode(): string {
    return this.record.mode;
  }
}
