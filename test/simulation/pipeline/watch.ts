/** Watches the stages' functions and modes, and reports violations. */
import type { MetricDatum } from '../../../lambdas/control/ports.ts';
import { isBlocked, type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { Crash } from '../../../contract/modes.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { RunnerEvent } from '../../../lambdas/core/stage/runner-events.ts';
import type { Unit } from '../../../lambdas/core/stage/unit.ts';
import { Belongings } from '../belongings.ts';
import { Charges } from '../charges.ts';
import type { Invocation } from '../invocation.ts';
import { isDeserved, type Code } from './code.ts';
import { limitsOf, SECOND, TRANSFORM_TIMEOUT } from './config.ts';
import { ROUTER, STAGES, userName, type StageId } from './plan.ts';

/** The time that a charge may take between the check of the clock and the start of the attempt, milliseconds. */
const CHARGE_TIME = 7 * SECOND;

interface Span {
  readonly from: number;
  readonly isNormal: boolean;
  /** It was degraded soon after it had been normal, so the gauge may stay 1. */
  readonly isRelapsed: boolean;
}

export interface WatchOptions {
  readonly crashes: number;
  /** Nothing happens that justifies an alarm. */
  readonly isHarmless: boolean;
  /** Nothing got through for long enough to degrade the stage for that reason alone. */
  readonly isStalled: (stage: StageId) => boolean;
  readonly now: () => number;
  readonly violation: (text: string) => void;
  /** A gauge was written. */
  readonly gauge: (stage: StageId, value: number, at: number) => void;
  /** All code that was ever deployed, by its version. */
  readonly codeOf: (version: string) => Code | undefined;
  /** The message as its queue took it. */
  readonly eventsOf: (messageId: string) => readonly SluiceEvent[];
}

export class Watch {
  readonly charges: Charges;
  readonly belongings: Belongings;
  readonly #options: WatchOptions;
  readonly #modes = new Map<StageId, ModeRecord>();
  readonly #blockedSince = new Map<StageId, number>();
  readonly #knowsBlocked = new WeakSet<Invocation>();
  readonly #working = new Map<string, { readonly by: Invocation; readonly unit: Unit<IncomingMessage> }>();
  /** By stage: when its mode was normal, and when it was not. */
  readonly #spans = new Map<StageId, Span[]>();
  readonly #gauges = new Map<StageId, number>();
  readonly #announced = new Map<StageId, number>();
  /** Messages whose redrive the mode machine has counted. */
  readonly #noted = new Set<string>();
  /** A charge could not be taken back: from then on it cannot be distinguished from a crash, and counts as one. */
  #isStuck = false;
  flips = 0;
  redriven = 0;
  deadLetters = 0;
  parked = 0;
  drained = 0;
  /** Deaths that last words reported. */
  died = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.charges = new Charges((text) => {
      options.violation(`charges: ${text}`);
    });
    this.belongings = new Belongings(options.now, (text) => {
      options.violation(`last words: ${text}`);
    });
  }

  get #isHarmless(): boolean {
    return this.#options.isHarmless && !this.#isStuck;
  }

  #mode(stage: StageId): ModeRecord {
    return this.#modes.get(stage) ?? NORMAL;
  }

  /** The mode as it is stored now. */
  modeWritten(stage: StageId, record: ModeRecord): void {
    const before = this.#mode(stage);
    this.#modes.set(stage, record);
    const now = this.#options.now();
    for (const one of STAGES) {
      if (!isBlocked([this.#mode(one), this.#mode(ROUTER)])) this.#blockedSince.delete(one);
      else if (!this.#blockedSince.has(one)) this.#blockedSince.set(one, now);
    }
    if (record.epoch === before.epoch) return;
    this.flips += 1;
    this.#spansOf(stage).push({ from: now, isNormal: record.mode === 'normal', isRelapsed: record.relapsed });
    if (record.mode === 'degraded' && this.#isHarmless && !this.#options.isStalled(stage))
      this.#options.violation(`alarm: ${stage} degrades without a cause: ${record.reason}`);
  }

  /** The mode as the invocation has read or received it. */
  knows(invocation: Invocation, modes: readonly ModeRecord[]): void {
    if (isBlocked(modes)) this.#knowsBlocked.add(invocation);
    else this.#knowsBlocked.delete(invocation);
  }

  /** A stage begins a message of a user, or several as one. */
  begun(stage: StageId, user: number, unit: Unit<IncomingMessage>, by: Invocation, isTrial: boolean): void {
    const { violation } = this.#options;
    const what = `${by.name} begins ${unit[0].id} of ${userName(user)}`;
    if (this.#knowsBlocked.has(by) && !isTrial)
      violation(`blocked: ${what} although it knows that ${stage} is blocked`);
    if (by.timeLeft < limitsOf(stage).worstCase - CHARGE_TIME)
      violation(`time: ${what} with too little time`);
    const other = this.#working.get(`${stage} ${String(user)}`);
    if (other?.by.isRunning === true) violation(`two workers: ${what} while ${other.by.name} works on it`);
    this.#working.set(`${stage} ${String(user)}`, { by, unit });
    if (isTrial) return;
    const since = this.#blockedSince.get(stage);
    if (since !== undefined && since < by.startedAt)
      violation(`blocked: ${what} although ${stage} was blocked when it started`);
  }

  ended(stage: StageId, user: number): void {
    this.#working.delete(`${stage} ${String(user)}`);
  }

  /** A transform begins an event. */
  eventBegun(stage: StageId, eventId: string, by: Invocation): void {
    if (by.timeLeft < TRANSFORM_TIMEOUT + limitsOf(stage).afterTransform)
      this.#options.violation(`time: ${by.name} begins event ${eventId} with too little time`);
  }

  /** The invocation has answered, and one of its calls is pending or is made later. */
  owed(call: string, by: Invocation): void {
    this.#options.violation(`frozen: ${by.name} has answered, and ${call} is pending`);
  }

  /** The messages at which a stage works for a user. */
  current(stage: StageId, user: number): Unit<IncomingMessage> | undefined {
    return this.#working.get(`${stage} ${String(user)}`)?.unit;
  }

  noted(messageId: string): void {
    this.#noted.add(messageId);
  }

  observe(event: RunnerEvent, stage: StageId, invocation: Invocation): void {
    const { violation, crashes } = this.#options;
    if (event.type === 'crash') {
      this.charges.caught(invocation, event.message.id);
      this.#crashed(stage, event.message.id, event.crash);
    }
    if (event.type === 'drain failed' && event.crash !== undefined)
      this.#crashed(stage, event.messageId, event.crash);
    if (event.type === 'died') this.died += 1;
    if (event.type === 'setback' && event.step === 'ledger') {
      this.charges.stuck(invocation);
      this.#isStuck = true;
    }
    if (event.type === 'parked') this.parked += 1;
    if (event.type === 'drained') this.drained += event.messages;
    if (event.type !== 'redriven') return;
    const isDead = event.crash.kind === 'dead letter';
    if (isDead) this.deadLetters += 1;
    else this.redriven += 1;
    const { id } = event.message;
    const blame = this.charges.blameOf(id);
    if (!isDead && blame < crashes)
      violation(`charges: ${stage} redrives ${id} after ${String(blame)} crashes of its own`);
    if (!isDead && this.#isHarmless) violation(`charges: ${stage} redrives ${id} although nothing crashes`);
    if (!this.#noted.has(id)) violation(`uncounted: ${stage} parks ${id} before its redrive is counted`);
  }

  /** A caught crash must belong to the message for which it is recorded. */
  #crashed(stage: StageId, messageId: string, crash: Crash): void {
    const { codeOf, eventsOf, violation } = this.#options;
    const code = codeOf(crash.codeVersion);
    if (code === undefined || isDeserved(stage, code, crash, eventsOf(messageId))) return;
    violation(
      `charges: ${stage} records a crash of ${messageId} that the message did not cause: ${crash.error}`,
    );
  }

  /** A function reports that its transform could not be loaded. */
  probeFailed(name: string, version: string, { error }: Pick<Crash, 'error'>): void {
    const { codeOf, violation } = this.#options;
    if (codeOf(version)?.starts !== 'throws')
      violation(`alarm: ${name} fails although the code loads: ${error}`);
  }

  announced(stage: StageId, epoch: number): void {
    this.#announced.set(stage, Math.max(epoch, this.#announced.get(stage) ?? 0));
  }

  /** @param by a run of control, which has read the modes since it started */
  gauges(data: readonly MetricDatum[], by: Invocation): void {
    for (const { name, value, dimensions, at } of data) {
      const stage = STAGES.find((one) => one === dimensions['Stage']);
      if (name !== 'DegradedMode' || stage === undefined) continue;
      this.#gauges.set(stage, value);
      this.#options.gauge(stage, value, at);
      const spans = this.#spansOf(stage);
      // Control may have read any of the modes that the stage has had since control started.
      const isTrue = spans.some(
        ({ isNormal, isRelapsed }, i) =>
          (isNormal === (value === 0) || (isRelapsed && value === 1)) &&
          (spans[i + 1]?.from ?? Infinity) >= by.startedAt,
      );
      if (!isTrue)
        this.#options.violation(
          `gauge: ${by.name} says ${String(value)} of ${stage}, which is ${this.#mode(stage).mode}`,
        );
    }
  }

  /** Gauges and announcements that do not match the modes yet; empty when all do. */
  unsaid(): readonly string[] {
    return STAGES.flatMap((stage) => {
      const { epoch, mode } = this.#mode(stage);
      const gauge = this.#gauges.get(stage) ?? 0;
      return [
        ...(gauge === (mode === 'normal' ? 0 : 1) ? [] : [`the gauge of ${stage} is ${String(gauge)}`]),
        ...((this.#announced.get(stage) ?? 0) >= epoch ? [] : [`${mode} of ${stage} was never announced`]),
      ];
    });
  }

  #spansOf(stage: StageId): Span[] {
    const spans = this.#spans.get(stage) ?? [{ from: -Infinity, isNormal: true, isRelapsed: false }];
    this.#spans.set(stage, spans);
    return spans;
  }
}
