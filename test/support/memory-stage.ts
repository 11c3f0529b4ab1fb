/** A stage in memory: everything that the batch runner, the dead-letter consumer and the drain are given, and what they did with it. */
import { runBatch } from '../../lambdas/core/stage/batch-runner.ts';
import type { RunnerDeps } from '../../lambdas/core/stage/runner-deps.ts';
import type { RunnerEvent } from '../../lambdas/core/stage/runner-events.ts';
import type { LastWords } from '../../lambdas/core/stage/last-words.ts';
import { changeMode } from '../../lambdas/core/mode/change.ts';
import type { ModeEvent, ModeSettings } from '../../lambdas/core/mode/machine.ts';
import { type ModeRecord, NORMAL } from '../../lambdas/core/mode/record.ts';
import type { Outcome } from '../../lambdas/core/stage/outcome.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import { ProgressNote } from '../../lambdas/core/mode/progress-note.ts';
import { DAY, HOUR, MINUTE, MODE_SETTINGS, SECOND } from './mode-settings.ts';
import { FakeQueue, message } from './fakes.ts';
import { MemoryParking } from './memory-parking.ts';
import { MemoryState } from './memory-state.ts';
import { gated, type Gate } from './ports-gate.ts';

export const STAGE = 'crm';

/** Of a message whose only event was delivered. */
export const DELIVERED: Outcome = { kind: 'done', shown: { delivered: 1, filtered: 0, rejected: 0 } };

/** What becomes of a message; a function may throw. */
export type Result = Outcome | (() => Outcome | Promise<Outcome>);

/** A port that fails before it does what it is asked to, or after. */
export type Fault = 'before' | 'after';

/** What a test replaces of what the stage is given. */
export type Overrides = { readonly [Group in keyof RunnerDeps]?: Partial<RunnerDeps[Group]> };

export class MemoryStage {
  now = Date.UTC(2026, 0, 1);
  timeLeft = 60 * SECOND;
  readonly modeSettings: ModeSettings = MODE_SETTINGS;
  readonly parking = new MemoryParking();
  readonly state = new MemoryState(this.parking);
  readonly queue = new FakeQueue();
  readonly events: RunnerEvent[] = [];
  /** Port calls and attempts, in order: `queue.delete a1`, `process a1`. */
  readonly calls: string[] = [];
  /** Notes for the next process, in order: `begun a1 0:v1 uncharged`, `ended a1`. */
  readonly words: string[] = [];
  /** What `state.read` was asked for. */
  readonly reads: unknown[] = [];
  /** By message id; what is not listed is delivered. */
  readonly results = new Map<string, Result>();
  /** By call, as in `calls`, or by its method alone. A fault lasts until it is deleted. */
  readonly faults = new Map<string, Fault>();
  #ids = 0;
  #writes = 0;
  #sequence = 0;

  setMode(stage: string, mode: Partial<ModeRecord>): void {
    this.state.modes.set(stage, { ...NORMAL, rev: 1, ...mode });
  }

  /** Messages as SQS would number them. */
  message(id: string, key: string, rest: Partial<IncomingMessage> = {}): IncomingMessage {
    this.#sequence += 1;
    const sequenceNumber = `1${String(this.#sequence).padStart(19, '0')}`;
    return message(id, key, { sentAt: this.now, sequenceNumber, body: id, ...rest });
  }

  /** What the environment remembers: a new one is a new process. */
  progressNote = new ProgressNote({ minute: MINUTE, window: MODE_SETTINGS.window });

  /** @param overrides group by group: what they name is replaced, the rest of a group stays */
  deps(overrides: Overrides = {}): RunnerDeps {
    const { state, parking, queue } = this;
    const modes = gated(state, 'modes', this.#gate);
    return {
      stage: { name: STAGE, isDestination: true, codeVersion: 'v1', ...overrides.stage },
      ports: {
        state: gated(state, 'state', this.#gate),
        parking: gated(parking, 'parking', this.#gate),
        queue: gated(queue, 'queue', this.#gate),
        process: async ({ id }) => {
          this.calls.push(`process ${id}`);
          const result = this.results.get(id) ?? DELIVERED;
          return typeof result === 'function' ? result() : result;
        },
        lastWords: this.lastWords,
        hidesOthers: () => false,
        uuid: () => `uuid-${(this.#ids += 1)}`,
        observe: (event) => this.events.push(event),
        ...overrides.ports,
      },
      mode: {
        readModes: () => modes.readStored(STAGE, 'router'),
        note: async (event) => (await this.#gate('note', [event], () => this.note(event))) as ModeRecord,
        progressNote: this.progressNote,
        ...overrides.mode,
      },
      time: {
        clock: () => this.now,
        timeLeft: () => this.timeLeft,
        worstCase: 10 * SECOND,
        functionTime: 60 * SECOND,
        leaseTime: 70 * SECOND,
        backoff: { minBackoff: SECOND, maxBackoff: 5 * MINUTE },
        random: () => 0,
        ...overrides.time,
      },
      settings: {
        ...{ crashes: 3, parkAfter: 15 * MINUTE, ownAfter: 3, stallAfter: 10 * MINUTE },
        ...{ spillAfter: 7 * DAY, maxDrainBackoff: HOUR },
        ...overrides.settings,
      },
    };
  }

  readonly lastWords: LastWords = {
    begun: ({ id }, stamp, isCharged) => {
      this.words.push(`begun ${id} ${stamp} ${isCharged ? 'charged' : 'uncharged'}`);
    },
    ended: ({ id }) => {
      this.words.push(`ended ${id}`);
    },
  };

  async note(event: ModeEvent, stage = STAGE): Promise<ModeRecord> {
    const uuid = () => `write-${(this.#writes += 1)}`;
    const deps = { modes: this.state, clock: () => this.now, uuid, settings: this.modeSettings };
    return (await changeMode(deps, stage, event)).after;
  }

  run(batch: readonly IncomingMessage[], overrides: Overrides = {}): Promise<readonly string[]> {
    return runBatch(batch, this.deps(overrides));
  }

  /** Runs a message alone, delivery after delivery, as long as its queue keeps it. @returns how often it was delivered */
  async runUntilGone(first: IncomingMessage, overrides: Overrides = {}): Promise<number> {
    let receiveCount = first.receiveCount;
    while ((await this.run([{ ...first, receiveCount }], overrides)).length > 0) {
      receiveCount += 1;
      if (receiveCount > 100) throw new Error(`${first.id} is never gone from its queue`);
    }
    return receiveCount;
  }

  parked(key: string): string[] {
    return this.parking.messages(STAGE, key).map(({ id }) => id);
  }

  readonly #gate: Gate = async (name, args, effect) => {
    const call = `${name} ${args.flatMap(describe).join(' ')}`.trim();
    this.calls.push(call);
    if (name === 'state.read') this.reads.push(args[1]);
    const fault = this.faults.get(call) ?? this.faults.get(name);
    if (fault === 'before') throw new InfraFault(`${call} failed`);
    const result = await effect();
    if (fault === 'after') throw new InfraFault(`${call} failed, and took effect`);
    return result;
  };
}

/** The names in a call's arguments. */
const describe = (argument: unknown): string[] => {
  if (Array.isArray(argument)) return argument.flatMap(describe);
  if (typeof argument === 'string') return argument === STAGE ? [] : [argument];
  if (typeof argument !== 'object' || argument === null) return [];
  const { id, type, key } = argument as Record<'id' | 'type' | 'key', unknown>;
  return [id, type, key].filter((name): name is string => typeof name === 'string').slice(0, 1);
};
