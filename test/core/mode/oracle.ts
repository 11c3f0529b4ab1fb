/**
 * An independent implementation of the rules of `docs/mode-machine.md`, without the fields of an item. It has three clocks, and
 * measures each duration with one of them. The tests compare the machine with it, step by step.
 */
import { OracleAttempts } from './oracle-attempts.ts';
import type { Look, Probed, Step } from './steps.ts';

export class Oracle extends OracleAttempts {
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
      case 'block':
      case 'unblock':
        this.#stop({ blockedBySystem: step.do === 'block' });
        this.#look({});
        break;
      case 'hold':
        this.#stop({ held: true });
        break;
      case 'resume':
        this.#stop({ held: false });
        if (is.mode !== 'degraded') break;
        this.set({ pauseFrom: -Infinity });
        if (!this.is.blockedBySystem) this.recover();
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
        this.progress(true);
        break;
      case 'delivered':
        if (is.mode === 'recovering') this.set({ isInvoked: true });
        this.progress(true);
        break;
      case 'filtered':
        if (is.mode === 'recovering') this.set({ isInvoked: true });
        if (this.inDoubt) this.attempt();
        else this.progress(false);
        break;
      case 'remembered':
        this.remembered(step.what === 'delivered', is.wall - step.ago);
        break;
      case 'redriven':
      case 'died':
      case 'failed':
      case 'rejected':
      case 'crashed':
      case 'attempted':
        if (is.mode !== 'degraded') this.shown(step);
    }
    this.settleGauge();
  }

  #stop(flags: { readonly held?: boolean; readonly blockedBySystem?: boolean }): void {
    const { stopped: before } = this;
    this.set(flags);
    const isReleased = before && !this.stopped;
    if (!isReleased) return;
    this.set({ releasedAt: this.is.wall });
    if (this.is.mode !== 'degraded') this.moveDoubt();
  }

  /** Control runs. */
  #look(look: Look): void {
    const { waits, probe } = look;
    const { changes } = this.is;
    if (probe !== undefined) this.#probed(probe);
    if (this.is.changes !== changes) return;
    if (this.is.mode === 'normal' && this.is.progressAt > this.is.since) this.set({ gotThrough: true });
    this.settleGauge();
    this.#see(waits);
    if (this.is.mode !== 'degraded' && !this.inDoubt) this.set({ doubt: undefined });
    if (!this.stopped) this.#decide(look);
    this.set({ isInvoked: false });
  }

  #decide({ waits, probe }: Look): void {
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
    if (mode === 'recovering') this.trouble(version);
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

  #lookAtWindow(waits: Look['waits']): void {
    const { wall, stage, window, unanswered, hasProgress, quietSince = Infinity, isAttempted } = this.is;
    if (stage - window.stage < this.settings.window || unanswered > 0) return;
    const isQuiet = waits !== undefined && wall - quietSince >= this.settings.minute / 2;
    if (hasProgress) this.set({ gotThrough: true });
    if (hasProgress && !this.isFed) return;
    if (hasProgress || (isQuiet && !isAttempted)) this.becomeNormal();
    else this.beginWindow();
  }

  #lookAtPause(probe: Probed | undefined): void {
    const { stage, pauseFrom, pause, unanswered, crashedVersion } = this.is;
    const isOther = probe?.answered === true && probe.version !== crashedVersion;
    if (isOther || (stage - pauseFrom >= pause && unanswered === 0)) this.recover();
  }
}
