/**
 * The rules of `docs/mode-machine.md` once more, told as a story rather than as fields of an item. It has three clocks, and everything
 * that lasts is measured by a stopwatch of one of them. The tests compare the machine with it, step by step.
 */
import { OracleModes, type Moment } from './oracle-modes.ts';
import { VERSION, type Look, type Probed, type Step } from './steps.ts';

export class Oracle extends OracleModes {
  clone(): Oracle {
    const copy = new Oracle(this.settings);
    copy.is = { ...this.is };
    return copy;
  }

  step(step: Step): void {
    const { is } = this;
    switch (step.do) {
      case 'wait':
        this.set({
          wall: is.wall + step.time,
          stage: is.stage + (this.stopped ? 0 : step.time),
          door: is.door + (this.stopped || is.mode === 'degraded' ? 0 : step.time),
        });
        break;
      case 'shut':
      case 'open':
        this.#stop({ shut: step.do === 'shut' });
        this.#look({});
        break;
      case 'hold':
        this.#stop({ held: true });
        break;
      case 'resume':
        this.#stop({ held: false });
        if (is.mode !== 'degraded') break;
        this.set({ pauseFrom: -Infinity });
        if (!this.is.shut) this.recover();
        break;
      case 'look':
        this.#look(step);
        break;
      case 'tried':
        if (is.mode !== 'degraded' || this.stopped || (!step.delivered && this.inDoubt)) break;
        if (step.delivered) this.set({ doubt: undefined });
        this.recover();
        break;
      case 'drained':
        this.#progress(true);
        break;
      case 'delivered':
        if (is.mode === 'recovering') this.set({ isInvoked: true });
        this.#progress(true);
        break;
      case 'filtered':
        if (is.mode === 'recovering') this.set({ isInvoked: true });
        if (this.inDoubt) this.#attempt();
        else this.#progress(false);
        break;
      case 'remembered':
        this.#remembered(step.what === 'delivered', is.wall - step.ago);
        break;
      case 'redriven':
      case 'died':
      case 'failed':
      case 'rejected':
      case 'crashed':
      case 'attempted':
        if (is.mode !== 'degraded') this.#shown(step);
    }
    this.settleGauge();
  }

  #stop(flags: { readonly held?: boolean; readonly shut?: boolean }): void {
    const { stopped: before } = this;
    this.set(flags);
    const isReleased = before && !this.stopped;
    if (!isReleased) return;
    this.set({ releasedAt: this.is.wall });
    if (this.is.mode !== 'degraded') this.moveDoubt();
  }

  #shown(
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
        else this.#trouble(VERSION);
        return;
      }
      case 'rejected': {
        const rejecting = is.rejecting ?? this.moment;
        this.set({ rejecting });
        this.#count(step.key);
        const isLong = is.stage - rejecting.stage >= this.settings.stallAfter;
        if ((isLong && !this.stopped) || this.#isBroken) this.degrade(VERSION);
        else this.#trouble(VERSION);
        return;
      }
      case 'crashed':
        this.#trouble(VERSION);
        return;
      case 'attempted':
        this.#attempt();
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
    else this.#trouble(VERSION);
    this.set({ redrives: this.is.redrives.slice(-redriveThreshold) });
  }

  #died(id: string): void {
    const { redriveThreshold, window } = this.settings;
    const { wall } = this.is;
    const recent = this.is.deaths.filter(({ at }) => wall - at <= window);
    const deaths = recent.some((one) => one.id === id) ? recent : [...recent, { id, at: wall }];
    this.set({ deaths });
    if (this.#isUnproven || deaths.length >= redriveThreshold) this.degrade(VERSION);
    else this.#trouble(VERSION);
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

  #trouble(version: string): void {
    if (this.is.mode !== 'recovering') return;
    const trouble = this.is.trouble ?? this.moment;
    this.set({ trouble });
    if (this.is.stage - trouble.stage >= this.settings.breakerTime) this.degrade(version);
    else if (this.#isUnproven) this.beginWindow();
    else this.#attempt();
  }

  #attempt(): void {
    if (this.is.mode === 'recovering') this.set({ isAttempted: true });
  }

  #progress(delivered: boolean): void {
    const { is } = this;
    this.set({ progressAt: is.wall });
    if (is.mode === 'degraded') {
      // An attempt that was under way: it ends the doubt, unless that began at the same moment.
      if (delivered && is.doubt !== undefined && is.doubt.wall < is.wall) this.set({ doubt: undefined });
      return;
    }
    this.set({ failing: undefined, trouble: undefined, deaths: [], gotThrough: true, hasProgress: true });
    if (delivered) this.set({ rejecting: undefined, doubt: undefined });
    if (is.mode !== 'recovering' || this.stopped) return;
    const successes = Math.min(is.successes + 1, this.settings.recoverAfter);
    this.set({ successes });
    if (successes >= this.settings.recoverAfter && is.unanswered === 0 && this.#isFed) this.becomeNormal();
  }

  /** It was made earlier, by an environment that stores it only now; nothing is told of it. */
  #remembered(delivered: boolean, at: number): void {
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

  /** Control comes by. */
  #look({ waits, probe }: Look): void {
    const { changes } = this.is;
    if (probe !== undefined) this.#probed(probe);
    if (this.is.changes !== changes) return;
    if (this.is.mode === 'normal' && this.is.progressAt > this.is.since) this.set({ gotThrough: true });
    this.settleGauge();
    this.#see(waits);
    if (this.is.mode !== 'degraded' && !this.inDoubt) this.set({ doubt: undefined });
    if (this.stopped) return;
    if (this.is.mode === 'degraded') this.#lookAtPause(probe);
    else if (this.#isStalled(waits)) this.degrade(this.is.answeredVersion);
    else if (this.is.mode === 'recovering') this.#lookAtWindow(waits);
  }

  #probed({ answered, version }: Probed): void {
    const { wall, unanswered, unansweredAt, mode, progressAt } = this.is;
    if (answered) {
      this.set({ unanswered: 0, unansweredAt: -Infinity, answeredVersion: version });
      return;
    }
    if (wall - unansweredAt < this.settings.minute / 2) return;
    this.set({ unanswered: Math.min(unanswered + 1, 2), unansweredAt: wall });
    if (mode === 'recovering') this.#trouble(version);
    else if (mode === 'normal' && unanswered > 0 && progressAt < unansweredAt) this.degrade(version);
  }

  #see(waits: Look['waits']): void {
    if (waits === undefined) return;
    const { wall, waitsSince, quietSince } = this.is;
    const isWork = waits === 'queue' || waits === 'parked';
    this.set({
      isParked: waits === 'parked',
      isQueued: waits === 'queue',
      waitsSince: isWork ? (waitsSince ?? wall) : undefined,
      quietSince: isWork ? undefined : (quietSince ?? wall),
    });
  }

  #isStalled(waits: Look['waits']): boolean {
    const { mode, wall, progressAt, waitsSince = Infinity, since, releasedAt } = this.is;
    if (waits !== 'queue' && waits !== 'parked') return false;
    const changed = mode === 'recovering' ? since : -Infinity;
    return wall - Math.max(progressAt, waitsSince, changed, releasedAt) >= this.settings.stallAfter;
  }

  /** The mapping works, as far as anyone can tell. */
  get #isFed(): boolean {
    return this.is.isInvoked || !this.is.isQueued;
  }

  #lookAtWindow(waits: Look['waits']): void {
    const { wall, stage, window, unanswered, hasProgress, quietSince = Infinity, isAttempted } = this.is;
    if (stage - window.stage < this.settings.window || unanswered > 0) return;
    const isQuiet = waits !== undefined && wall - quietSince >= this.settings.minute / 2;
    if (hasProgress) this.set({ gotThrough: true });
    if ((hasProgress && this.#isFed) || (isQuiet && !isAttempted)) this.becomeNormal();
    else this.beginWindow();
  }

  #lookAtPause(probe: Probed | undefined): void {
    const { stage, pauseFrom, pause, unanswered, crashedVersion } = this.is;
    const isOther = probe?.answered === true && probe.version !== crashedVersion;
    if (isOther || (stage - pauseFrom >= pause && unanswered === 0)) this.recover();
  }
}
