/** The modes of the oracle: their state, and what happens when a mode begins. `oracle-attempts.ts` has the rules for attempts, `oracle.ts` the steps. */
import type { ModeName } from '../../../contract/modes.ts';
import type { ModeSettings } from '../../../lambdas/core/mode/machine.ts';
import { START } from './support.ts';
import { HOUR } from '../../support/mode-settings.ts';

/** A time, by each clock. */
export interface Moment {
  readonly wall: number;
  /** Stands still while the stage is stopped. */
  readonly stage: number;
  /** Stands still while the stage forwards nothing: stopped or degraded. */
  readonly door: number;
}
export interface Named {
  readonly id: string;
  readonly at: number;
}

const BEGINNING = {
  mode: 'normal' as ModeName,
  held: false,
  blockedBySystem: false,
  changes: 0,
  pause: 0,
  successes: 0,
  gauge: 0,
  wall: START,
  stage: 0,
  door: 0,
  /** When the current mode began. */
  since: -Infinity,
  releasedAt: -Infinity,
  redrives: [] as readonly Named[],
  shares: [] as readonly { readonly at: number; readonly processed: number }[],
  deaths: [] as readonly Named[],
  failing: undefined as
    undefined | { readonly first: Moment; readonly count: number; readonly keys: readonly string[] },
  rejecting: undefined as undefined | Moment,
  doubt: undefined as undefined | Moment,
  /** Wall time of the last progress that is stored. */
  progressAt: -Infinity,
  gotThrough: false,
  isRelapse: false,
  window: { wall: 0, stage: 0, door: 0 } as Moment,
  isAttempted: false,
  hasProgress: false,
  trouble: undefined as undefined | Moment,
  pauseFrom: 0,
  crashedVersion: '',
  answeredVersion: '',
  unanswered: 0,
  unansweredAt: -Infinity,
  waitsSince: undefined as undefined | number,
  quietSince: undefined as undefined | number,
  isParked: false,
  isQueued: false,
  isInvoked: false,
};
type Story = typeof BEGINNING;

export class OracleModes {
  is: Story = { ...BEGINNING };
  protected readonly settings: ModeSettings;

  constructor(settings: ModeSettings) {
    this.settings = settings;
  }

  protected set(changes: Partial<Story>): void {
    Object.assign(this.is, changes);
  }

  /** Held, or blocked by the system. */
  get stopped(): boolean {
    return this.is.held || this.is.blockedBySystem;
  }

  protected get moment(): Moment {
    const { wall, stage, door } = this.is;
    return { wall, stage, door };
  }

  /** A delivery failed since the last that was made: in the last `stallAfter` of forwarding, or a parked key waits. */
  get inDoubt(): boolean {
    const { doubt, door, isParked } = this.is;
    return doubt !== undefined && (door - doubt.door < this.settings.stallAfter || isParked);
  }

  /** Time that did not count lies before it: what is delivered in that time, and stored later, does not end it. */
  protected moveDoubt(): void {
    const { doubt, wall, door } = this.is;
    if (doubt !== undefined) this.set({ doubt: { ...doubt, wall: wall - (door - doubt.door) } });
  }

  protected beginWindow(): void {
    this.set({ window: this.moment, isAttempted: false, hasProgress: false });
  }

  /** It comes down in normal: after a relapse late, and not while work waits and nothing has got through. */
  protected settleGauge(): void {
    const { mode, wall, since, pause, isRelapse, gotThrough, waitsSince } = this.is;
    if (mode !== 'normal') return;
    const isEarly = wall - since < pause || (waitsSince !== undefined && !gotThrough);
    if (!isRelapse || !isEarly) this.set({ gauge: 0 });
  }

  protected degrade(version: string): void {
    this.moveDoubt();
    const { pause, maxPause } = this.settings;
    const { mode, wall, since, stage } = this.is;
    const isFirst = this.is.pause === 0 || (mode === 'normal' && wall - since >= HOUR);
    this.set({
      pause: Math.min(isFirst ? pause : 2 * this.is.pause, maxPause),
      // A relapse is counted from normal; of a stage that never was normal in between it stays what it was.
      isRelapse: mode === 'normal' ? !isFirst : this.is.isRelapse,
      gotThrough: false,
      pauseFrom: stage,
      crashedVersion: version,
    });
    this.enter('degraded');
  }

  protected recover(): void {
    this.moveDoubt();
    this.set({ redrives: [], shares: [], deaths: [], failing: undefined, rejecting: undefined });
    this.enter('recovering');
    this.set({ gotThrough: false, releasedAt: -Infinity, isInvoked: false });
    this.beginWindow();
  }

  protected becomeNormal(): void {
    this.enter('normal');
  }

  protected enter(mode: ModeName): void {
    const { changes, wall } = this.is;
    this.set({ mode, changes: changes + 1, since: wall });
    this.set({ successes: 0, trouble: undefined, isAttempted: false });
    if (mode !== 'normal') this.set({ gauge: 1 });
  }

  /** Texts are the same only if the future is: ages that no longer make a difference are cut. */
  key(): string {
    const { window, breakerTime, stallAfter, minute } = this.settings;
    const { is } = this;
    const age = (at: number | undefined, limit: number) =>
      at === undefined ? null : Math.min(is.wall - at, limit);
    const runs = (at: Moment | undefined, limit: number) =>
      at === undefined ? null : Math.min(is.stage - at.stage, limit);
    const named = (all: readonly Named[]) => all.map(({ id, at }) => [id, age(at, window + 1)]);
    const counts = is.mode !== 'degraded';
    return JSON.stringify([
      [is.mode, is.held, is.blockedBySystem, is.pause, is.successes, is.gauge, is.isRelapse, is.gotThrough],
      [is.unanswered, age(is.unansweredAt, minute), is.progressAt >= is.unansweredAt],
      [age(is.waitsSince, stallAfter), age(is.quietSince, minute), is.isParked],
      [is.isQueued, is.mode === 'recovering' && is.isInvoked],
      [is.doubt && Math.min(is.door - is.doubt.door, stallAfter), age(is.doubt?.wall, 1)],
      counts && [named(is.redrives), named(is.deaths), is.failing?.count, is.failing?.keys],
      counts && [runs(is.failing?.first, breakerTime), runs(is.rejecting, stallAfter)],
      counts && [age(is.progressAt, stallAfter), age(is.releasedAt, stallAfter)],
      is.mode === 'normal' ? age(is.since, HOUR) : counts && age(is.since, stallAfter),
      is.mode === 'normal' && is.progressAt > is.since,
      is.mode === 'recovering' && [runs(is.window, window), is.isAttempted, is.hasProgress],
      is.mode === 'recovering' && runs(is.trouble, breakerTime),
      is.mode === 'degraded' && [Math.min(is.stage - is.pauseFrom, is.pause), is.crashedVersion],
      is.answeredVersion,
    ]);
  }
}
