/** The stages' functions: like `lambdas/stage/stage.ts`, they turn an invocation into work, and end without pending calls. */
import { runBatch } from '../../../lambdas/core/stage/batch-runner.ts';
import { drain } from '../../../lambdas/core/stage/drain.ts';
import { successorOf, type DrainWork } from '../../../lambdas/core/stage/command.ts';
import { deleteInOrder } from '../../../lambdas/core/stage/queue-steps.ts';
import { hold } from '../../../lambdas/core/stage/hold.ts';
import { takeInDeadLetters } from '../../../lambdas/core/stage/dead-letters.ts';
import { CALL_MARGIN } from '../../../lambdas/core/base/limits.ts';
import type { Probe } from '../../../lambdas/core/mode/machine.ts';
import type { Crash } from '../../../contract/modes.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { StageQueue } from '../../../lambdas/core/stage/ports.ts';
import { ProgressNote } from '../../../lambdas/core/mode/progress-note.ts';
import type { RunnerDeps } from '../../../lambdas/core/stage/runner-deps.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { runTrial } from '../../../lambdas/core/stage/trial.ts';
import type { Transforms } from '../../../lambdas/core/event/transform.ts';
import { gated } from '../../support/ports-gate.ts';
import type { Host } from '../environment.ts';
import type { Invocation } from '../invocation.ts';
import type { Code } from './code.ts';
import { degradedMode, limitsOf, SECOND } from './config.ts';
import type { StageId } from './plan.ts';
import type { Mapping, Surroundings } from './queue-parts.ts';
import { startProcess } from './stage-start.ts';
import { stageDeps } from './stage.ts';
import { Thread } from './transforms.ts';
import type { World } from './world.ts';

/** Milliseconds that control waits for the answer to a probe. */
const PATIENCE = 10 * SECOND;

/** Milliseconds: a drain that starts so soon after a dead letter finds the batch that has its user's later messages. */
const BEHIND = 5 * SECOND;

interface Ordered<T> {
  readonly stage: StageId;
  readonly name: string;
  readonly messages?: readonly IncomingMessage[];
  readonly queue: StageQueue;
  readonly work: (deps: RunnerDeps, invocation: Invocation, transforms: Transforms) => Promise<T>;
  readonly answered?: (result: T) => void;
  readonly over?: () => void;
  readonly isQuick?: boolean;
}

export class StageFunctions {
  readonly #world: World;
  readonly #threads = new WeakMap<Host, Thread>();
  readonly #notes = new WeakMap<Host, ProgressNote>();

  constructor(world: World) {
    this.#world = world;
  }

  readonly handOut: Surroundings['handOut'] = (mapping, messages, answered, over) => {
    const world = this.#world;
    const { stage, isDead } = mapping;
    this.#invoke<readonly string[]>({
      stage,
      name: isDead ? `${stage}-intake` : stage,
      messages,
      queue: world.queues.stageQueue(mapping),
      work: async (deps, invocation) => {
        world.log(() => {
          const all = messages.map(({ id, receiveCount }) => `${id}x${String(receiveCount)}`);
          return `${invocation.name} of ${deps.stage.codeVersion}: ${all.join(' ')}`;
        });
        const until = await this.#hold(messages, mapping, invocation, deps);
        if (until === undefined) return messages.map(({ id }) => id);
        if (isDead) {
          this.#drainBehind(stage, messages);
          return takeInDeadLetters(messages, deps);
        }
        invocation.host.words.received(messages, until - CALL_MARGIN);
        const kept = await runBatch(messages, deps);
        if (this.#isSpent(invocation)) {
          const done = messages.filter(({ id }) => !kept.includes(id));
          await deleteInOrder(done, deps.ports);
        }
        return kept;
      },
      answered,
      over,
    });
  };

  /** Control's run of the minute may fall right behind a dead letter. */
  #drainBehind(stage: StageId, messages: readonly IncomingMessage[]): void {
    const { schedule, random, faults } = this.#world;
    for (const { groupId } of messages) {
      if (random() < 0.5) continue;
      faults.count('a drain right behind a dead letter');
      schedule.after(random() * BEHIND, () => {
        this.startDrain(stage, { shard: shardOf(groupId) });
      });
    }
  }

  async #hold(
    messages: readonly IncomingMessage[],
    mapping: Mapping,
    invocation: Invocation,
    deps: RunnerDeps,
  ): Promise<number | undefined> {
    const { queues, bug, faults, watch, plan } = this.#world;
    const queue = gated(queues.stageQueue(mapping), 'queue', invocation.gate);
    const visibility = limitsOf(mapping.stage).visibility * SECOND;
    const ports = { ...deps.ports, queue };
    const until = await (bug.hold?.(hold) ?? hold)(messages, { ports, time: deps.time, visibility });
    if (until === undefined) faults.count('a batch that was perhaps handed out again');
    else watch.belongings.received(invocation, messages, until + 2 * plan.settings.skew);
    return until;
  }

  /** A drain worker; any number may run. */
  startDrain(stage: StageId, given: DrainWork): void {
    const { schedule, faults } = this.#world;
    this.#invoke({
      stage,
      name: `${stage}-drain`,
      queue: this.#queueOf(stage),
      work: async (deps) => {
        const successor = (await drain(given, deps)) ? successorOf(given, deps.time.clock()) : undefined;
        if (successor === undefined) return;
        faults.count('a successor of a drain');
        schedule.after(faults.latency(), () => {
          this.startDrain(stage, successor);
        });
      },
    });
  }

  /** A trial of a degraded stage. */
  startTrial(stage: StageId): void {
    this.#invoke({ stage, name: `${stage}-trial`, queue: this.#queueOf(stage), work: runTrial });
  }

  /** The probe's result for a function that answers, dies, or takes too long. */
  probe(stage: StageId, isQuick: boolean): Promise<Probe> {
    const { schedule } = this.#world;
    return new Promise((resolve) => {
      const failed = (crash: Pick<Crash, 'error' | 'codeVersion'>): void => {
        resolve({ kind: 'failed', crash: { kind: 'load', ...crash, at: schedule.now } });
      };
      schedule.after(PATIENCE, () => {
        failed({ error: 'it did not answer', codeVersion: '' });
      });
      this.#invoke<Probe | undefined>({
        stage,
        name: `${stage}-probe`,
        queue: this.#queueOf(stage),
        isQuick,
        work: async ({ stage: { codeVersion } }, { name }, transforms) => {
          const crash = await transforms.check();
          if (crash === undefined) return { kind: 'answered', codeVersion };
          this.#world.watch.probeFailed(name, codeVersion, crash);
          failed({ error: crash.error, codeVersion });
          return undefined;
        },
        answered: (probe) => {
          if (probe !== undefined) resolve(probe);
        },
        // A dead function cannot report its version.
        over: () => {
          failed({ error: 'it died', codeVersion: '' });
        },
      });
    });
  }

  #queueOf(stage: StageId): StageQueue {
    const { queues } = this.#world;
    return queues.stageQueue(queues.of(stage));
  }

  #invoke<T>({ stage, name, queue, messages = [], work, answered, over, isQuick = false }: Ordered<T>): void {
    const world = this.#world;
    const code = world.codeOf(stage);
    const { timeout } = limitsOf(stage);
    world.functions.invoke<T>({
      of: stage,
      version: code.version,
      name,
      timeout,
      isQuick,
      work: async (invocation, environment) => {
        const published: Promise<void>[] = [];
        await startProcess(
          world,
          { stage, code, invocation, environment, queue: this.#queueOf(stage) },
          published,
        );
        const thread = this.#threadOf(stage, code, invocation.host);
        const transforms = world.bug.transforms?.(thread.transforms, thread) ?? thread.transforms;
        try {
          const progressNote = this.#noteOf(invocation.host);
          const isSpent = (): boolean => thread.isSpent;
          const given = { code, transforms, isSpent, queue, progressNote, messages };
          const deps = stageDeps(world, stage, invocation, given, published);
          return await work(deps, invocation, transforms);
        } finally {
          await Promise.allSettled(published);
          await this.#recordLate(stage, code, invocation, thread);
          (world.bug.lastWords?.(invocation.host.words) ?? invocation.host.words).clear();
          if (thread.isSpent) invocation.die('a thread of it does not end');
        }
      },
      answered,
      over,
    });
  }

  #isSpent({ host }: Invocation): boolean {
    return this.#threads.get(host)?.isSpent === true;
  }

  #noteOf(host: Host): ProgressNote {
    const { settings } = this.#world.plan;
    const { window } = degradedMode(settings);
    const note = this.#notes.get(host) ?? new ProgressNote({ minute: settings.controlEvery, window });
    this.#notes.set(host, note);
    return note;
  }

  #threadOf(stage: StageId, code: Code, host: Host): Thread {
    const world = this.#world;
    const thread = this.#threads.get(host) ?? new Thread(stage, code, host, world.sandbox);
    this.#threads.set(host, thread);
    return thread;
  }

  async #recordLate(stage: StageId, { version }: Code, { gate }: Invocation, thread: Thread): Promise<void> {
    const world = this.#world;
    const count = thread.takeLate();
    if (count === 0) return;
    world.faults.count('late crashes recorded');
    const last = {
      kind: 'late',
      error: 'it failed late',
      codeVersion: version,
      at: world.schedule.now,
    } as const;
    try {
      await gated(world.lateCrashes, 'lateCrashes', gate).addLateCrashes(stage, { count, last });
    } catch (error) {
      if (!(error instanceof InfraFault)) throw error;
    }
  }
}
