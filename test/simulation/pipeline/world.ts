/**
 * The whole pipeline in virtual time: SDKs, ingest, the router, two destinations and control, all of them the real code over
 * the real FIFO engine. Every call of a port takes time, and may fail or kill its process.
 */
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { StageNames } from '../../../lambdas/control/ports.ts';
import { announcementOf } from '../../../lambdas/core/mode/announcement.ts';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { ModeRecord } from '../../../lambdas/core/mode/record.ts';
import type { Announcement, Announcer } from '../../../lambdas/core/mode/ports.ts';
import type { IncomingMessage, OutgoingMessage, SendResult } from '../../../lambdas/core/base/messages.ts';
import { MemoryLateCrashes } from '../../support/memory-late-crashes.ts';
import { gated } from '../../support/ports-gate.ts';
import { Dice } from '../../../tools/driver/dice.ts';
import type { Invocation } from '../invocation.ts';
import { Schedule } from '../schedule.ts';
import type { Bug } from './bug.ts';
import { clientOf, type Client } from './clients.ts';
import type { Code } from './code.ts';
import { CONTROL_TIMEOUT, MINUTE, modeSettings, SECOND } from './config.ts';
import { runControl } from './control.ts';
import { Deployments } from './deployments.ts';
import type { Evidence } from './evidence.ts';
import { Faults, type OnCall } from './faults.ts';
import type { Functions } from './functions.ts';
import { Ledger } from './ledger.ts';
import { Operator } from './operator.ts';
import type { ParkedPages } from './parked-pages.ts';
import { isHarmless, OUT_OF_REACH, poisonedAlone, ROUTER, type Plan, type StageId } from './plan.ts';
import type { Accepted } from './queue-parts.ts';
import type { Queues } from './queues.ts';
import type { Receivers } from './receivers.ts';
import { Replays } from './replays.ts';
import { StageFunctions } from './stage-functions.ts';
import { LaggingParking, memoryRegistry, memorySeen, WatchedRejections, WatchedState } from './stores.ts';
import { Together } from './together.ts';
import type { CodeOptions } from './transforms.ts';
import { Watch } from './watch.ts';
import { evidenceOf, functionsOf, parkedPagesOf, queuesOf, receiversOf, sandboxOf } from './wiring.ts';

const START = Date.UTC(2026, 0, 1);

/** The longest time that other users may wait because of a poison, milliseconds: some deaths in two stages. */
const LATE = 45 * MINUTE;

/** The events of a body, for the trace. */
const eventsIn = (body: string): string => {
  const envelope = parseEnvelope(body);
  return envelope?.kind === 'events'
    ? envelope.events.map(({ messageId }) => messageId).join(' ')
    : 'a record';
};

/** What who gives a command hears of it. */
interface Heard {
  /** Undefined: it failed. */
  readonly answered?: (answer: ControlAnswer | undefined) => void;
  /** Called last, answered or not. */
  readonly over?: (() => void) | undefined;
}

export interface WorldOptions {
  readonly bug?: Bug;
  /** Keeps a line for everything that happens. */
  readonly isTraced?: boolean;
  /** Called for each call that could fail, in order: a plan's mishaps refer to calls by number, from 1. */
  readonly onCall?: OnCall;
}

export class World {
  readonly plan: Plan;
  readonly bug: Bug;
  readonly schedule = new Schedule(START);
  readonly random: () => number;
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  readonly parking: LaggingParking;
  readonly state: WatchedState;
  readonly rejections: WatchedRejections;
  readonly together = new Together();
  /** The router's code makes of an event the same each time. */
  readonly isPure: boolean;
  readonly seen = memorySeen();
  readonly lateCrashes = new MemoryLateCrashes(() => this.schedule.now);
  readonly registry = memoryRegistry();
  /** The mappings as control has read them. */
  readonly names = new Map<string, StageNames>();
  readonly faults: Faults;
  readonly functions: Functions;
  readonly stageFunctions = new StageFunctions(this);
  readonly sandbox: CodeOptions = sandboxOf(this);
  readonly queues: Queues;
  readonly receivers: Receivers;
  readonly clients: readonly Client[];
  readonly operator: Operator;
  readonly replays: Replays;
  readonly ledger: Ledger;
  readonly watch: Watch;
  readonly evidence: Evidence;
  readonly parkedPages: ParkedPages;
  readonly #deployments: Deployments;
  /** By order key. */
  readonly #users = new Map<string, number>();
  readonly #isTraced: boolean;
  #ids = 0;

  constructor(plan: Plan, { bug = {}, isTraced = false, onCall }: WorldOptions = {}) {
    this.plan = plan;
    this.isPure = !plan.actions.some(
      (action) => action.do === 'send' && action.events.some(({ impure = [] }) => impure.includes(ROUTER)),
    );
    this.bug = bug;
    this.#isTraced = isTraced;
    this.random = new Dice(plan.seed).next;
    const { schedule, random } = this;
    this.#deployments = new Deployments({
      now: () => schedule.now,
      random,
      count: (what) => {
        this.faults.count(what);
      },
    });
    const mayOvertake = plan.settings.maxReceiveCount < OUT_OF_REACH;
    const { crashes } = plan.settings;
    const seen = { now: () => schedule.now, violation: this.violation };
    this.watch = new Watch({
      ...seen,
      crashes,
      isHarmless: isHarmless(plan),
      isStalled: (stage) => this.evidence.isStalled(stage),
      gauge: (stage, value, at) => {
        this.evidence.gauge(stage, value, at);
      },
      codeOf: (version) => this.#deployments.byVersion(version),
      eventsOf: (messageId) => this.ledger.eventsOf(messageId),
    });
    this.ledger = new Ledger({ ...seen, mayOvertake, delivered: this.#lateness(plan) });
    this.faults = new Faults(plan, random, () => this.time, onCall);
    this.parking = new LaggingParking(() => schedule.now, this.#indexLag);
    this.evidence = evidenceOf(this);
    this.parkedPages = parkedPagesOf(this);
    this.state = new WatchedState(
      this.parking,
      (stage, record) => {
        this.watch.modeWritten(stage, record);
        this.evidence.modeWritten(stage, record);
      },
      (stage, at) => {
        this.evidence.progressStored(stage, at);
      },
      () => this.faults.happens(plan.settings.echo, 'mode: the SDK repeats a write'),
    );
    this.rejections = new WatchedRejections((record) => {
      this.ledger.recorded(record);
      this.evidence.rejected(record);
    });
    this.functions = functionsOf(this);
    this.queues = queuesOf(this, this.#accepted);
    this.receivers = receiversOf(this);
    this.clients = Array.from({ length: plan.users }, (_, user) => clientOf(this, user));
    this.operator = new Operator(this);
    this.replays = new Replays(this);
    bug.world?.(this);
  }

  /** Milliseconds since the start. */
  get time(): number {
    return this.schedule.now - START;
  }

  readonly uuid = (): string => `id-${String((this.#ids += 1))}`;

  readonly log = (line: () => string): void => {
    if (this.#isTraced) this.trace.push(`+${(this.time / SECOND).toFixed(3)} ${line()}`);
  };

  readonly violation = (text: string): void => {
    this.violations.push(text);
    this.log(() => `VIOLATION ${text}`);
  };

  codeOf(stage: StageId): Code {
    return this.#deployments.of(stage);
  }

  /** @param overlap milliseconds during which the former code may still be invoked */
  deploy(stage: StageId, code: Code, overlap = 0): void {
    this.#deployments.deploy(stage, code, overlap);
    this.log(() => `deployed ${code.version}`);
  }

  /** A call of SendMessageBatch. */
  send(stage: StageId, messages: readonly OutgoingMessage[], by: Invocation): readonly SendResult[] {
    const results = this.queues.send(stage, messages);
    if (results.some(({ ok }) => !ok)) by.isHurt = true;
    return results;
  }

  /** The message that the router is processing for an order key. */
  routing(groupId: string): IncomingMessage | undefined {
    const user = this.#users.get(groupId);
    return user === undefined ? undefined : this.watch.current(ROUTER, user)?.[0];
  }

  /** Work on messages has a visible effect. @param unit the first of those that are worked on as one */
  effect(ids: readonly string[], unit = ids[0]): void {
    for (const id of ids) this.ledger.effect(id, unit ?? id);
  }

  /** A function's own clock: SQS's is right, a function's may be wrong, and jump while it runs. */
  clockOf({ startedAt }: Invocation): () => number {
    const { skew } = this.plan.settings;
    if (skew === 0) return () => this.schedule.now;
    const off = () => Math.round((this.random() * 2 - 1) * skew);
    const [before, after] = [off(), off()];
    const jump = startedAt + this.random() * 30 * SECOND;
    return () => this.schedule.now + (this.schedule.now < jump ? before : after);
  }

  /** The mode-change topic: control subscribes to it. */
  announcerFor({ gate }: Invocation): Announcer {
    const announcer: Announcer = {
      announce: ({ stage, epoch }) => {
        this.watch.announced(stage as StageId, epoch);
        this.schedule.after(this.faults.latency(), () => {
          this.control({ Records: [{ EventSource: 'aws:sns' }] });
        });
        return Promise.resolve();
      },
    };
    return gated(announcer, 'announcer', gate);
  }

  readonly announcement = (stage: string, record: ModeRecord): Announcement =>
    announcementOf(stage, record, { pipeline: 'shop', stackName: 'Shop' }, modeSettings(this.plan.settings));

  /** The scheduled run of control; sometimes two at the same moment. */
  minute(): void {
    const event = { source: 'aws.events' };
    this.control(event, true);
    if (this.faults.happens(this.plan.settings.doubled, 'two controls')) this.control(event);
  }

  /** A run of control, or an operator's command. @param isMinute see `Evidence.controlled` */
  readonly control = (event: object, isMinute = false, heard: Heard = {}): void => {
    const isQuick = !('command' in event) && !this.faults.isSlowControl();
    this.functions.invoke({
      of: 'control',
      name: 'control',
      timeout: CONTROL_TIMEOUT,
      work: async (invocation) => {
        const answer = await runControl(this, invocation, event, isQuick);
        if (isMinute && !invocation.isHurt) this.evidence.controlled(invocation.startedAt);
        return answer;
      },
      ...heard,
      isQuick,
    });
  };

  readonly #indexLag = (): number => {
    const { indexLag = 0 } = this.plan.settings;
    if (indexLag === 0 || this.time > this.plan.end) return 0;
    const lag = this.random() * indexLag;
    this.faults.count('a lagging index');
    return lag;
  };

  readonly #accepted = (stage: StageId, message: Accepted): void => {
    this.log(() => `${stage} has ${message.id}: ${eventsIn(message.body)}`);
    this.ledger.accepted(stage, message, this.schedule.now);
    const user = this.ledger.userOf(message.id);
    if (user !== undefined) this.#users.set(message.groupId, user);
  };

  /** When poison is the only fault, other users must not wait for it. */
  #lateness(plan: Plan): (user: number, age: number, id: string) => void {
    const poisoned = poisonedAlone(plan);
    return (user, age, id) => {
      if (poisoned === undefined || poisoned.has(user) || this.watch.flips > 0 || age <= LATE) return;
      this.violation(`isolation: ${id} was delivered ${String(age / SECOND)} s after it was accepted`);
    };
  }
}
