/** The oracle's rules for attempts: what each one shows, and when the counts degrade the stage or end the recovery. */
import { OracleModes, type Moment } from './oracle-modes.ts';
import { VERSION, type Step } from './steps.ts';

export class OracleAttempts extends OracleModes {
  protected shown(
    step: Extract<Step, { do: 'redriven' | 'died' | 'failed' | 'rejected' | 'crashed' | 'attempted' }>,
  ): void {
    const { is } = this;
    switch (step.do) {
      case 'redriven':
        this.#redriven(step.id, step.processed ?? 0);
        return;
      case 'died':
        this.#died(step.id);
        return;
      case 'failed': {
        const isNew = is.doubt === undefined || is.door - is.doubt.door >= this.settings.stallAfter / 10;
        if (isNew) this.set({ doubt: this.moment });
        this.#count(step.key);
        if (this.#isBroken) this.degrade(VERSION);
        else this.trouble(VERSION);
        return;
      }
      case 'rejected': {
        const rejecting = is.rejecting ?? this.moment;
        this.set({ rejecting });
        this.#count(step.key);
        const isLong = is.stage - rejecting.stage >= this.settings.stallAfter;
        if ((isLong && !this.stopped) || this.#isBroken) this.degrade(VERSION);
        else this.trouble(VERSION);
        return;
      }
      case 'crashed':
        this.trouble(VERSION);
        return;
      case 'attempted':
        this.attempt();
        return;
    }
  }

  get #isUnproven(): boolean {
    return this.is.mode === 'recovering' && !this.is.gotThrough;
  }

  #redriven(id: string, processed: number): void {
    const { redriveThreshold, redriveShare, window, minute } = this.settings;
    const { wall, redrives, shares } = this.is;
    if (redrives.some((one) => one.id === id)) return;
    const minuteOf = (at: number) => Math.floor(at / minute);
    this.set({
      successes: 0,
      redrives: [...redrives.filter(({ at }) => wall - at <= window), { id, at: wall }],
      shares: [
        ...shares.filter(({ at }) => (minuteOf(at) + 1) * minute >= wall - window),
        { at: wall, processed },
      ],
    });
    const all = this.is.shares.reduce((sum, share) => sum + share.processed, 0);
    const isMany = this.is.shares.length >= Math.min(1_000, redriveShare * all);
    if (this.#isUnproven || (this.is.redrives.length >= redriveThreshold && isMany)) this.degrade(VERSION);
    else this.trouble(VERSION);
    this.set({ redrives: this.is.redrives.slice(-redriveThreshold) });
  }

  #died(id: string): void {
    const { redriveThreshold, window } = this.settings;
    const { wall } = this.is;
    const recent = this.is.deaths.filter(({ at }) => wall - at <= window);
    const deaths = recent.some((one) => one.id === id) ? recent : [...recent, { id, at: wall }];
    this.set({ deaths });
    if (this.#isUnproven || deaths.length >= redriveThreshold) this.degrade(VERSION);
    else this.trouble(VERSION);
  }

  #count(key: string): void {
    const { first, count, keys } = this.is.failing ?? { first: this.moment, count: 0, keys: [] };
    const users = keys.includes(key) || keys.length === 2 ? keys : [...keys, key];
    this.set({
      failing: { first, count: Math.min(count + 1, this.settings.breakerFailures), keys: users },
    });
  }

  get #isBroken(): boolean {
    const { failing, stage } = this.is;
    const { breakerFailures, breakerTime } = this.settings;
    if (failing === undefined) return false;
    const { first, count, keys } = failing;
    return count >= breakerFailures && keys.length >= 2 && stage - first.stage >= breakerTime;
  }

  protected trouble(version: string): void {
    if (this.is.mode !== 'recovering') return;
    const trouble = this.is.trouble ?? this.moment;
    this.set({ trouble });
    if (this.is.stage - trouble.stage >= this.settings.breakerTime) this.degrade(version);
    else if (this.#isUnproven) this.beginWindow();
    else this.attempt();
  }

  protected attempt(): void {
    if (this.is.mode === 'recovering') this.set({ isAttempted: true });
  }

  protected progress(delivered: boolean): void {
    const { is } = this;
    this.set({ progressAt: is.wall });
    if (is.mode === 'degraded') {
      // An attempt that was under way ends the doubt, unless the doubt began at the same moment.
      if (delivered && is.doubt !== undefined && is.doubt.wall < is.wall) this.set({ doubt: undefined });
      return;
    }
    this.set({ failing: undefined, trouble: undefined, deaths: [], gotThrough: true, hasProgress: true });
    if (delivered) this.set({ rejecting: undefined, doubt: undefined });
    if (is.mode !== 'recovering' || this.stopped) return;
    const successes = Math.min(is.successes + 1, this.settings.recoverAfter);
    this.set({ successes });
    if (successes >= this.settings.recoverAfter && is.unanswered === 0 && this.isFed) this.becomeNormal();
  }

  /** Progress made earlier, which an environment stores only now and does not report. */
  protected remembered(delivered: boolean, at: number): void {
    const { is } = this;
    const isOver = (moment: Moment | undefined) => moment !== undefined && moment.wall < at;
    this.set({
      progressAt: Math.max(is.progressAt, at),
      failing: isOver(is.failing?.first) ? undefined : is.failing,
      trouble: isOver(is.trouble) ? undefined : is.trouble,
      deaths: is.deaths.filter((death) => death.at >= at),
      hasProgress: is.hasProgress || at > is.window.wall,
    });
    if (delivered)
      this.set({
        rejecting: isOver(is.rejecting) ? undefined : is.rejecting,
        doubt: isOver(is.doubt) ? undefined : is.doubt,
      });
  }

  /** Nothing shows that the mapping does not work. */
  protected get isFed(): boolean {
    return this.is.isInvoked || !this.is.isQueued;
  }
}
