/** Watches a stage of a simulated pipeline in which every attempt fails, and lets the failure stop and begin again. */
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import { SECOND } from '../pipeline/config.ts';
import type { World } from '../pipeline/world.ts';
import { BREAK, OUTAGE, sentAtOf } from './plan.ts';
import type { Way } from './ways.ts';

/** Milliseconds; absent: it did not happen. */
export interface Measured {
  /** From normal: from the first failed attempt after the last progress to degraded. If nothing is tried: since something waits. */
  degraded?: number;
  /** It still fails when a pause ends: from recovering to degraded, the longest of these times. */
  failsStill?: number;
  /** It stopped failing until something had got through while the stage recovered, and failed again: measured like `degraded`. */
  failsAgain?: number;
  /** From the fix, or, if nothing waits then, from the first event that waits. */
  recovering?: number;
  normal?: number;
  /** From the fix to the last delivery of an event that was sent before it. */
  delivered?: number;
  /** Measured like `recovering`: the gauge is 0 and stays 0. */
  resolved?: number;
}

/** Duration of an AWS call, milliseconds: elsewhere in the simulation calls take up to 3 seconds, to find bugs. */
const CALL = { least: 5, most: 25 };

/** The fix comes this soon after the stage was degraded again: messages that just failed are still hidden from trials. */
const FIX_AFTER = SECOND;

export class Stopwatch {
  readonly measured: Measured = {};
  readonly #world: World;
  readonly #way: Way;
  #mode: ModeRecord['mode'] = 'normal';
  /** The first attempt since the last progress. If nothing is tried: since when something waits. */
  #failsSince: number | undefined;
  #recoveringAt = 0;
  /** The failure has stopped, so that something gets through. */
  #isBreak = false;
  #failsAgainAt: number | undefined;
  #fixedAt: number | undefined;
  /** Since when something has waited, at the fix or after it. */
  #waitsFrom: number | undefined;

  constructor(world: World, way: Way, users: number) {
    this.#world = world;
    this.#way = way;
    const { faults, schedule, random } = world;
    faults.latency = () => CALL.least + Math.floor((CALL.most - CALL.least) * random());
    this.#followAttempts();
    this.#followMode();
    this.#followDeliveries(users);
    this.#followGauge();
    schedule.after(BREAK, () => {
      this.#isBreak = true;
      way.stop(world);
      this.#endBreak(world.state.mode(way.stage));
    });
  }

  #followAttempts(): void {
    const { evidence, queues } = this.#world;
    const { isUntried = false, stage } = this.#way;
    const begun = evidence.begun.bind(evidence);
    evidence.begun = (of, message, by, isTrial) => {
      if (of === stage && !isUntried && isTrial !== true) this.#failsSince ??= this.#world.time;
      begun(of, message, by, isTrial);
    };
    const ended = evidence.ended.bind(evidence);
    evidence.ended = (message, outcome, by) => {
      if ((outcome.shown?.delivered ?? 0) > 0 && by.name.startsWith(stage)) this.#progressed();
      ended(message, outcome, by);
    };
    const send = queues.send.bind(queues);
    queues.send = (to, messages) => {
      if (to === stage) this.#accepted();
      return send(to, messages);
    };
  }

  #progressed(): void {
    this.#failsSince = undefined;
    if (this.#way.isUntried !== true) return;
    // Messages that got through are deleted by then: the rest waits.
    this.#world.schedule.after(SECOND, () => {
      if (this.#isWaiting) this.#failsSince ??= this.#world.time;
    });
  }

  /** The stage's queue has received messages. */
  #accepted(): void {
    const { time } = this.#world;
    if (this.#way.isUntried === true) this.#failsSince ??= time;
    if (this.#fixedAt !== undefined) this.#waitsFrom ??= time;
  }

  get #isWaiting(): boolean {
    const { queues, parking } = this.#world;
    const { stage } = this.#way;
    return queues.countOf(queues.of(stage)) > 0 || parking.keys(stage).length > 0;
  }

  #followMode(): void {
    const { evidence } = this.#world;
    const written = evidence.modeWritten.bind(evidence);
    evidence.modeWritten = (stage, record) => {
      written(stage, record);
      if (stage !== this.#way.stage) return;
      const before = this.#mode;
      this.#mode = record.mode;
      if (this.#isBreak) this.#endBreak(record);
      if (record.mode === before) return;
      if (this.#fixedAt === undefined) this.#changedBefore(record.mode);
      else this.#changedAfter(record.mode, this.#fixedAt);
    };
  }

  #followDeliveries(users: number): void {
    const { ledger } = this.#world;
    const delivered = ledger.delivered.bind(ledger);
    ledger.delivered = (stage, event, now) => {
      delivered(stage, event, now);
      const fixedAt = this.#fixedAt ?? -Infinity;
      if (sentAtOf(users, event.messageId) < fixedAt) this.measured.delivered = this.#world.time - fixedAt;
    };
  }

  #followGauge(): void {
    const { evidence } = this.#world;
    const gauge = evidence.gauge.bind(evidence);
    evidence.gauge = (stage, value, at) => {
      gauge(stage, value, at);
      if (stage !== this.#way.stage || this.#fixedAt === undefined) return;
      const from = this.#waitsFrom ?? this.#fixedAt;
      if (value === 0) this.measured.resolved ??= this.#world.time - from;
      else delete this.measured.resolved;
    };
  }

  /** Something other than a trial has got through: now every attempt fails again. */
  #endBreak({ mode, proven }: ModeRecord): void {
    if (mode === 'degraded' || !proven) return;
    this.#isBreak = false;
    this.#failsAgainAt = this.#world.time;
    this.#way.beginAgain(this.#world);
  }

  #changedBefore(mode: ModeRecord['mode']): void {
    const { measured } = this;
    const { time, schedule } = this.#world;
    const againAt = this.#failsAgainAt;
    if (mode === 'recovering') this.#recoveringAt = time;
    if (mode !== 'degraded') return;
    const failedFor = time - (this.#failsSince ?? time);
    if (measured.degraded === undefined) measured.degraded = failedFor;
    else if (againAt !== undefined && measured.failsAgain === undefined) measured.failsAgain = failedFor;
    else measured.failsStill = Math.max(measured.failsStill ?? 0, time - this.#recoveringAt);
    if (againAt !== undefined && time >= againAt + OUTAGE)
      schedule.after(FIX_AFTER, () => {
        this.#fixedAt ??= this.#world.time;
        if (this.#isWaiting) this.#waitsFrom ??= this.#fixedAt;
        this.#way.stop(this.#world);
      });
  }

  #changedAfter(mode: ModeRecord['mode'], fixedAt: number): void {
    const { measured } = this;
    const { time } = this.#world;
    const from = this.#waitsFrom ?? fixedAt;
    if (mode === 'degraded') delete measured.normal;
    else measured.recovering ??= time - from;
    if (mode === 'normal') measured.normal ??= time - from;
  }
}
