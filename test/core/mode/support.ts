/** A stage with its mode and its events, for the tests of the mode machine. */
import { type ModeRecord, NORMAL, type StageProgress } from '../../../lambdas/core/mode/record.ts';
import type { Crash, Waiting } from '../../../contract/modes.ts';
import { decide, type ModeEvent, type ModeSettings, type Probe } from '../../../lambdas/core/mode/machine.ts';
import { MODE_SETTINGS } from '../../support/mode-settings.ts';
import { gaugeOf, isInDoubt } from '../../../lambdas/core/mode/transitions.ts';

/** Any time, well after 1970; a whole hour. */
export const START = 1_763_002_800_000;

export const OPEN: ModeRecord = NORMAL;
export const BLOCKED: ModeRecord = { ...NORMAL, mode: 'degraded', rev: 1 };

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

export const NOTHING: Waiting = { messages: 0, keys: 0, own: 0 };
export const QUEUED: Waiting = { messages: 3, keys: 0, own: 0 };
export const PARKED: Waiting = { messages: 0, keys: 2, own: 1 };
export const OWN_TROUBLE: Waiting = { messages: 0, keys: 0, own: 2 };

export const tick = (probe?: Probe, waiting?: Waiting, hint?: string): ModeEvent => ({
  type: 'tick',
  ...(probe === undefined ? {} : { probe }),
  ...(waiting === undefined ? {} : { waiting }),
  ...(hint === undefined ? {} : { hint }),
});

/** A stage with a clock. Events carry its current epoch by default. */
export class Stage {
  now = START;
  record: ModeRecord;
  system: ModeRecord | undefined;
  progress: StageProgress = {};
  readonly settings: ModeSettings;

  constructor({
    record = NORMAL,
    system,
    settings = {},
  }: { record?: ModeRecord; system?: ModeRecord; settings?: Partial<ModeSettings> } = {}) {
    this.record = record;
    this.system = system;
    this.settings = { ...MODE_SETTINGS, ...settings };
  }

  /** @returns whether it was written */
  apply(event: ModeEvent): boolean {
    const stored = { own: this.record, system: this.system, progress: this.progress };
    const next = decide(stored, event, this.now, this.settings);
    if (next === undefined) return false;
    this.record = { ...next, rev: Math.max(this.record.rev, 0) + 1 };
    return true;
  }

  after(milliseconds: number): this {
    this.now += milliseconds;
    return this;
  }

  redriven(messageId: string, epoch = this.record.epoch, processed = 0): boolean {
    const about = crash({ messageId, at: this.now });
    return this.apply({ type: 'redriven', epoch, messageId, crash: about, processed });
  }

  died(messageId: string, epoch = this.record.epoch): boolean {
    const about = crash({ kind: 'death', messageId, at: this.now });
    return this.apply({ type: 'died', epoch, messageId, crash: about });
  }

  failed(key: string, epoch = this.record.epoch, refused = false): boolean {
    return this.apply({ type: 'failed', epoch, key, codeVersion: 'v1', text: '503 Gone fishing', refused });
  }

  rejected(key: string, epoch = this.record.epoch): boolean {
    return this.apply({ type: 'rejected', epoch, key, codeVersion: 'v1', text: '400 no such field' });
  }

  crashed(epoch = this.record.epoch): boolean {
    return this.apply({ type: 'crashed', epoch, crash: crash({ at: this.now }) });
  }

  attempted(epoch = this.record.epoch): boolean {
    return this.apply({ type: 'attempted', epoch });
  }

  /** By the mapping, with messages of the queue. */
  invoked(epoch = this.record.epoch): boolean {
    return this.apply({ type: 'invoked', epoch });
  }

  /** Stored, then reported. From the queue. */
  delivered(epoch = this.record.epoch): boolean {
    const isNews = this.invoked(epoch);
    return this.drained(epoch) || isNews;
  }

  /** From the parking table. */
  drained(epoch = this.record.epoch): boolean {
    this.progress = { ...this.progress, deliveredAt: this.now };
    return this.apply({ type: 'progress', epoch, delivered: true });
  }

  filtered(epoch = this.record.epoch): boolean {
    const isNews = this.invoked(epoch);
    if (!this.inDoubt) this.progress = { ...this.progress, filteredAt: this.now };
    return this.apply({ type: 'progress', epoch, delivered: false }) || isNews;
  }

  /** Stored late, and not reported. */
  remembered(what: 'delivered' | 'filtered', ago: number): void {
    const name = what === 'delivered' ? 'deliveredAt' : 'filteredAt';
    const at = Math.max(this.progress[name] ?? 0, this.now - ago);
    this.progress = { ...this.progress, [name]: at };
  }

  tried(delivered = true, epoch = this.record.epoch): boolean {
    return this.apply({ type: 'tried', epoch, delivered });
  }

  tick(probe?: Probe, waiting?: Waiting, hint?: string): boolean {
    return this.apply(tick(probe, waiting, hint));
  }

  hold(reason = 'looking into it'): boolean {
    return this.apply({ type: 'hold', reason });
  }

  resume(): boolean {
    return this.apply({ type: 'resume' });
  }

  /** To degraded, by as many redrives as necessary. */
  degrade(): this {
    const epoch = this.record.epoch;
    for (let i = 0; this.record.epoch === epoch; i++) {
      if (i > this.settings.redriveThreshold) throw new Error(`it is not degraded by ${i} redrives`);
      this.redriven(`poison ${epoch}:${i}`);
    }
    return this;
  }

  /** To recovering, by an operator's resume. */
  recover(): this {
    this.degrade().resume();
    return this;
  }

  /** Through recovering to normal, by events that are delivered. */
  heal(): this {
    if (this.mode === 'degraded') this.tried();
    for (let i = 0; i < this.settings.recoverAfter && this.mode === 'recovering'; i++) this.delivered();
    return this;
  }

  /** Control runs each minute for the given time. */
  minutes(count: number, waiting: Waiting = NOTHING, probe: Probe | undefined = answered()): this {
    for (let i = 0; i < count; i++) this.after(this.settings.minute).tick(probe, waiting);
    return this;
  }

  get mode(): string {
    return this.record.mode;
  }

  get inDoubt(): boolean {
    const { record: own, progress, now, settings } = this;
    return isInDoubt({ own, progress, now, settings });
  }

  get gauge(): number {
    return gaugeOf(this.record, this.now);
  }
}
