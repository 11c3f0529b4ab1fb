/**
 * A stage with its queues, its functions and control, in virtual time: the real batch runner, intake, drain, mode machine and
 * FIFO engine. Every call of a port takes time, and may fail or kill its process.
 */
import { runBatch } from '../../lambdas/core/stage/batch-runner.ts';
import { drainShard } from '../../lambdas/core/stage/drain.ts';
import { hold } from '../../lambdas/core/stage/hold.ts';
import { takeInDeadLetters } from '../../lambdas/core/stage/dead-letters.ts';
import { CALL_MARGIN } from '../../lambdas/core/base/limits.ts';
import { changeMode, type ModeChangeDeps } from '../../lambdas/core/mode/change.ts';
import type { ModeEvent } from '../../lambdas/core/mode/machine.ts';
import { isShut } from '../../lambdas/core/mode/record.ts';
import { ProgressNote } from '../../lambdas/core/mode/progress-note.ts';
import { runTrial } from '../../lambdas/core/stage/trial.ts';
import { MemoryParking } from '../support/memory-parking.ts';
import { MemoryState } from '../support/memory-state.ts';
import { gated } from '../support/ports-gate.ts';
import { Audit, bodyOf } from './audit.ts';
import { control } from './control.ts';
import { Environments, type Environment, type Host } from './environment.ts';
import { Invocation } from './invocation.ts';
import { Mappings, type HandOut } from './mappings.ts';
import { Schedule } from './schedule.ts';
import {
  CONTROL_TIMEOUT,
  MINUTE,
  ROUTER,
  SECOND,
  STAGE,
  STAGE_TIMEOUT,
  VISIBILITY,
  type Behaviour,
  type Code,
  type WorldOptions,
} from './settings.ts';
import { stageDeps, startProcess } from './stage-function.ts';

const START = Date.UTC(2026, 0, 1);

/** The longest that a call takes, milliseconds; one in two takes 1% of it. */
const LATENCY = 3 * SECOND;
const SKEW = Math.log(0.01) / Math.log(0.5);

/** The share of idle environments that are gone when a function is invoked. */
const RETIRED = 0.05;

export class World {
  readonly options: WorldOptions;
  readonly schedule = new Schedule(START);
  readonly audit: Audit;
  readonly parking = new MemoryParking();
  readonly state = new MemoryState(this.parking);
  readonly changes: ModeChangeDeps;
  /** What happened, for a person. */
  readonly trace: string[] = [];
  code: Code;
  /** Whether the router's function loads; while it does not, the system is degraded. */
  routerLoads = true;
  /** What the destination does with what the code sends it. */
  destination: (body: string) => Behaviour = () => 'deliver';
  readonly #mappings: Mappings;
  readonly #environments: Environments;
  readonly #notes = new WeakMap<Host, ProgressNote>();
  readonly #numbers = new Map<string, number>();
  #ids = 0;
  #invocations = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.code = options.code;
    this.audit = new Audit({
      crashes: options.settings.crashes,
      mayOvertake: options.maxReceiveCount !== undefined,
      now: () => this.schedule.now,
    });
    const { schedule } = this;
    this.#environments = new Environments({ schedule, random: options.random, retired: RETIRED });
    this.changes = {
      modes: this.state,
      clock: () => this.schedule.now,
      uuid: this.uuid,
      settings: options.modeSettings,
    };
    this.#mappings = new Mappings(this.schedule, this.uuid, options, this.#handOut);
    this.schedule.after(MINUTE, this.#tick);
  }

  /** Milliseconds since it began. */
  get time(): number {
    return this.schedule.now - START;
  }

  /** The next message of a key. */
  send(key: string): void {
    const number = this.#numbers.get(key) ?? 0;
    this.#numbers.set(key, number + 1);
    const body = bodyOf(key, number);
    this.audit.sent(key);
    this.log(`sent ${body}`);
    this.#mappings.send(body, key);
  }

  /** An operator's command. */
  async command(stage: typeof STAGE | typeof ROUTER, event: ModeEvent): Promise<void> {
    await changeMode(this.changes, stage, event);
    this.log(`${stage}: ${event.type}`);
    this.watchMode();
  }

  deploy(code: Code): void {
    this.code = code;
    this.log(`deployed ${code.version}`);
  }

  /** Everything sent was delivered, and nothing is left anywhere. */
  get isAtRest(): boolean {
    const parked = this.parking.size + this.parking.keys(STAGE).length;
    return this.audit.isAllDelivered && this.#mappings.waiting === 0 && parked === 0;
  }

  /** @param time milliseconds since it began @returns whether it was over by then; it stops at the first violation */
  async run(isOver: () => boolean, time: number): Promise<boolean> {
    return this.schedule.run(() => isOver() || this.audit.violations.length > 0, START + time);
  }

  /** What is wrong, in the first line, and what led to it; undefined when nothing is. */
  report(isOver: boolean, lines: number): string | undefined {
    const { violations, missing } = this.audit;
    if (isOver && violations.length === 0) return undefined;
    const { mode, epoch } = this.state.mode(STAGE);
    const left = {
      missing,
      waiting: this.#mappings.waiting,
      parkedKeys: this.parking.keys(STAGE),
      parked: this.parking.size,
      mode: `${mode} ${String(epoch)}`,
      router: this.state.mode(ROUTER).mode,
    };
    const what =
      violations.length > 0 ? violations.join('\n') : `it does not come to rest: ${JSON.stringify(left)}`;
    return [what, ...this.trace.slice(-lines)].join('\n');
  }

  readonly uuid = (): string => `id-${String((this.#ids += 1))}`;

  log(line: string): void {
    this.trace.push(`+${(this.time / SECOND).toFixed(3)} ${line}`);
  }

  watchMode(): void {
    this.audit.mode(isShut([this.state.mode(STAGE), this.state.mode(ROUTER)]), this.schedule.now);
  }

  /** @param answer given the result of an invocation that did not die @param over called last, however it ended */
  #invoke<T>(
    name: string,
    timeout: number,
    environment: Environment,
    work: (invocation: Invocation) => Promise<T>,
    answer: (result: T) => void = () => undefined,
    over: () => void = () => undefined,
  ): void {
    this.#invocations += 1;
    const { options, schedule } = this;
    const invocation: Invocation = new Invocation(`${name}#${String(this.#invocations)}`, timeout, {
      schedule,
      host: environment.host(),
      mishap: options.mishap,
      latency: () => 1 + Math.floor(LATENCY * options.random() ** SKEW),
      landsLate: options.landsLate ?? (() => undefined),
      owed: (call) => {
        this.audit.owed(invocation, call);
      },
      trace: (line) => {
        this.log(line());
      },
    });
    const end = (): void => {
      environment.over(invocation);
      this.audit.charges.over(invocation);
      over();
    };
    invocation.start(
      () => work(invocation),
      (result) => {
        if (result instanceof Error) this.audit.error(invocation, result);
        else answer(result);
        end();
      },
      end,
    );
  }

  #invokeStage<T>(
    name: string,
    work: (invocation: Invocation) => Promise<T>,
    answer?: (result: T) => void,
    over?: () => void,
  ): void {
    const environment = this.#environments.take(STAGE, this.code.version);
    const whole = async (invocation: Invocation): Promise<T> => {
      const { words } = invocation.host;
      await startProcess(this, invocation, environment, this.#mappings.queueOf(this.#mappings.main));
      const result = await work(invocation);
      words.clear();
      return result;
    };
    this.#invoke(name, STAGE_TIMEOUT, environment, whole, answer, over);
  }

  readonly #handOut: HandOut = (messages, mapping, answer, over) => {
    const bodies = messages.map(({ body, receiveCount }) => `${body}x${String(receiveCount)}`).join(' ');
    const work = async (invocation: Invocation): Promise<readonly string[]> => {
      this.log(`${invocation.name} of ${this.code.version}: ${bodies}`);
      const queue = this.#mappings.queueOf(mapping);
      const deps = stageDeps(this, invocation, queue);
      const gatedQueue = gated(queue, 'queue', invocation.gate);
      const until = await hold(messages, { ...deps, queue: gatedQueue, visibility: VISIBILITY * SECOND });
      if (until === undefined) return messages.map(({ id }) => id);
      this.audit.belongings.received(invocation, messages, until);
      if (mapping.isDead) return takeInDeadLetters(messages, deps);
      invocation.host.words.received(messages, until - CALL_MARGIN);
      return runBatch(messages, deps);
    };
    this.#invokeStage(mapping.isDead ? 'intake' : 'batch', work, answer, over);
  };

  readonly #tick = (): void => {
    this.schedule.after(MINUTE, this.#tick);
    const { main } = this.#mappings;
    const { startDrain, startTrial } = this;
    const started = { startDrain, startTrial, queued: this.#mappings.waiting };
    const work = (invocation: Invocation) => control(this, invocation, main, started);
    const environment = this.#environments.take('control', '');
    this.#invoke('control', CONTROL_TIMEOUT, environment, work, undefined, this.#mappings.pump);
  };

  readonly startTrial = (): void => {
    this.#invokeStage('trial', (invocation) => {
      const queue = this.#mappings.queueOf(this.#mappings.main);
      return runTrial(stageDeps(this, invocation, queue));
    });
  };

  noteOf(host: Host): ProgressNote {
    const { minute, window } = this.options.modeSettings;
    const note = this.#notes.get(host) ?? new ProgressNote({ minute, window });
    this.#notes.set(host, note);
    return note;
  }

  /** A worker, of which there may be any number. */
  readonly startDrain = (shard: number): void => {
    this.#invokeStage('drain', (invocation) => {
      const queue = this.#mappings.queueOf(this.#mappings.main);
      return drainShard(shard, stageDeps(this, invocation, queue));
    });
  };
}
