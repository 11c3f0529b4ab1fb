/**
 * A replay into one stage under live traffic, in virtual time: control's real command, the real batch runner and the real drain over a FIFO
 * queue of the real engine. Every call of a port takes time, and may fail or end its process. All chance follows from the seed.
 */
import { runBatch } from '../../../lambdas/core/stage/batch-runner.ts';
import { drain } from '../../../lambdas/core/stage/drain.ts';
import { shardOf } from '../../../lambdas/core/stage/parking.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import { replayOf } from '../../../lambdas/core/event/archive-line.ts';
import { parseEnvelope } from '../../../lambdas/core/event/envelope.ts';
import type { ParkedMessage } from '../../../lambdas/core/stage/parking-port.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Outcome } from '../../../lambdas/core/stage/outcome.ts';
import { replay } from '../../../lambdas/control/commands/replay.ts';
import type { ControlDeps } from '../../../lambdas/control/ports.ts';
import { SqsEngine } from '../../../local/sqs/engine.ts';
import { memoryStore } from '../../../local/sqs/store.ts';
import { Dice } from '../../../tools/driver/dice.ts';
import { MemoryArchive, MemoryErasures, MemoryReplays } from '../../support/memory-archive.ts';
import { DELIVERED, MemoryStage, STAGE, type Overrides } from '../../support/memory-stage.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';
import { gated } from '../../support/ports-gate.ts';
import { Environment } from '../environment.ts';
import { Invocation, type Mishap } from '../invocation.ts';
import { orFault, toIncoming } from '../pipeline/received.ts';
import { Schedule } from '../schedule.ts';
import { Erasing } from './erasing.ts';
import { Order } from './order.ts';

const QUEUE = 'crm.fifo';
const START = Date.UTC(2026, 0, 1);
const USERS = ['ada', 'bob', 'cem'];
const TIMEOUT = MINUTE;
/** From then on nothing fails, and nothing is sent. */
const END = 30 * MINUTE;
/** Of what is archived, before the start. */
const PAST = 2 * HOUR;

/** Where a bug can be planted. */
export interface ReplayBug {
  readonly control?: (deps: ControlDeps) => ControlDeps;
}

export class ReplayWorld {
  readonly schedule = new Schedule(START);
  readonly violations: string[] = [];
  readonly #dice: Dice;
  readonly #bug: ReplayBug;
  readonly #stage = new MemoryStage();
  readonly #archive = new MemoryArchive();
  readonly #replays = new MemoryReplays();
  readonly #erasures = new MemoryErasures();
  readonly #engine: SqsEngine;
  readonly #order = new Order((text) => this.violations.push(text));
  /** By key, who works on it. */
  readonly #workers = new Map<string, Invocation>();
  readonly #poison = new Set<string>();
  /** Absent: nobody is erased in this story. */
  #erasing: Erasing | undefined;
  #ids = 0;
  #replay: string | undefined;
  #isDone = false;

  constructor(seed: number, bug: ReplayBug) {
    this.#dice = new Dice(seed);
    this.#bug = bug;
    this.#engine = new SqsEngine({
      clock: () => this.schedule.now,
      store: memoryStore(),
      uuid: this.#uuid,
      scanWindow: 120_000,
    });
    this.#engine.createQueue(QUEUE, {
      FifoQueue: 'true',
      VisibilityTimeout: '360',
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
  }

  /** @returns the first violation */
  async tell(): Promise<string | undefined> {
    this.#archivePast();
    this.#sendLive();
    this.#every(2 * SECOND, this.#poll);
    this.#every(5 * SECOND, this.#drains);
    this.schedule.after(this.#upTo(5 * MINUTE), this.#slice);
    if (this.#happens(0.5)) this.schedule.after(this.#upTo(15 * MINUTE), this.#erase);
    const { schedule, violations } = this;
    await schedule.run(() => violations.length > 0 || this.#isOver, START + 24 * HOUR);
    if (violations.length === 0 && !this.#isOver) violations.push(`recovery: ${this.#unrest}`);
    if (violations.length === 0) this.#order.complete();
    return violations[0];
  }

  readonly #uuid = (): string => `id-${(this.#ids += 1)}`;
  #upTo = (most: number): number => Math.floor(this.#dice.next() * most);
  #happens = (chance: number): boolean => this.#dice.next() < chance;
  get #isCalm(): boolean {
    return this.schedule.now > START + END;
  }

  get #unrest(): string {
    const { visible, inFlight } = this.#engine.counts(QUEUE);
    return `${visible + inFlight} in the queue, ${this.#stage.parking.size} parked, the replay is ${this.#isDone ? '' : 'not '}done`;
  }

  get #isOver(): boolean {
    const { visible, inFlight } = this.#engine.counts(QUEUE);
    return (
      this.#isCalm &&
      this.#isDone &&
      this.#erasing?.isOver !== false &&
      visible + inFlight + this.#stage.parking.size === 0
    );
  }

  #every(period: number, run: () => void): void {
    const tick = (): void => {
      run();
      this.schedule.after(period, tick);
    };
    this.schedule.after(period, tick);
  }

  /** Firehose repeats lines, and puts later ones before earlier ones. */
  #archivePast(): void {
    for (const user of USERS) {
      let at = START - PAST;
      for (let n = 0; n < 12; n += 1) {
        at += this.#upTo(12 * MINUTE) + 1;
        const messageId = `${user}-past-${n}`;
        const line = {
          key: user,
          sequence: String(100 + n),
          place: 0,
          source: 'web',
          receivedAt: new Date(at).toISOString(),
        };
        const archived = { ...line, content: { messageId, userId: user } };
        if (at >= START) break;
        this.#order.archived(user, messageId);
        const began = (): number => at - this.#upTo(5 * MINUTE);
        this.#archive.put(archived, at, began());
        if (this.#happens(0.2)) this.#archive.put(archived, at + 1, began());
      }
    }
  }

  #sendLive(): void {
    for (const user of USERS) {
      for (let at = this.#upTo(MINUTE), n = 0; at < END; at += this.#upTo(2 * MINUTE), n += 1) {
        const messageId = `${user}-live-${n}`;
        if (this.#happens(0.04)) this.#poison.add(messageId);
        this.schedule.after(at, () => {
          this.#order.sent(user, messageId);
          const body = JSON.stringify({
            v: 1,
            kind: 'events',
            sourceId: 'web',
            receivedAt: '',
            events: [{ messageId }],
          });
          this.#engine.send(QUEUE, { groupId: user, deduplicationId: messageId, body });
        });
      }
    }
  }

  readonly #poll = (): void => {
    const messages = this.#engine.receive(QUEUE, { maxMessages: 10 }).map(toIncoming);
    if (messages.length === 0) return;
    this.#invoke('crm', async (invocation) => {
      const kept = await runBatch(messages, this.#deps(invocation));
      for (const { id, receiptHandle } of messages)
        if (!kept.includes(id)) this.#engine.delete(QUEUE, receiptHandle);
    });
  };

  readonly #drains = (): void => {
    for (const key of this.#stage.parking.keys(STAGE))
      this.#invoke('drain', async (invocation) => {
        await drain({ shard: shardOf(key) }, this.#deps(invocation));
      });
  };

  readonly #slice = (): void => {
    if (this.#isDone) return;
    const again = (): void => this.schedule.after(this.#upTo(this.#isCalm ? SECOND : MINUTE), this.#slice);
    const selection = {
      stage: STAGE,
      from: new Date(START - PAST).toISOString(),
      to: new Date(START).toISOString(),
    };
    const id = this.#replay;
    const request =
      id === undefined
        ? ({ command: 'replay', ...selection } as const)
        : ({ command: 'replay', id, limit: 1 + this.#upTo(8) } as const);
    const work = async (invocation: Invocation): Promise<void> => {
      const answer = await replay.run(this.#control(invocation), request);
      if (!answer.ok) return;
      this.#replay ??= answer.result.id;
      if (answer.result.isDone) this.#isDone = true;
    };
    // Another person continues it as well.
    if (this.#happens(0.1)) this.#invoke('replay', work);
    this.#invoke('replay', work, again);
  };

  readonly #erase = (): void => {
    const user = USERS[this.#upTo(USERS.length)] ?? '';
    this.#order.erased(user);
    this.#erasing = new Erasing(user, {
      after: (time, run) => this.schedule.after(time, run),
      invoke: (work, over) => this.#invoke('erase', work, over),
      control: (invocation) => this.#control(invocation),
      violation: (text) => this.violations.push(text),
    });
    this.#erasing.run();
  };

  #control(invocation: Invocation): ControlDeps {
    const { gate } = invocation;
    const parking = gated(this.#stage.parking, 'parking', async (name, args, effect) => {
      const result = await gate(name, args, async () => {
        if (name === 'parking.putMessage') this.#erasing?.put(args[1] as ParkedMessage, invocation);
        const done = await effect();
        if (name === 'parking.touchHead') this.#touched(String(args[1]));
        return done;
      });
      return result;
    });
    const deps = {
      archive: {
        files: this.#archive,
        replays: gated(this.#replays, 'replays', gate),
        erasures: gated(this.#erasures, 'erasures', gate),
        destinations: [{ id: STAGE }],
        functionTime: TIMEOUT,
      },
      parking,
      clock: () => this.schedule.now,
      newId: this.#uuid,
      uuid: this.#uuid,
      timeLeft: () => invocation.timeLeft,
      log: () => undefined,
    } as unknown as ControlDeps;
    return this.#bug.control?.(deps) ?? deps;
  }

  /** What is parked of the replay goes before what arrives from now on. */
  #touched(key: string): void {
    const ids = this.#stage.parking.messages(STAGE, key).flatMap(({ body }) => {
      const envelope = parseEnvelope(body);
      return envelope?.kind === 'events' ? envelope.events : [];
    });
    this.#order.parked(
      key,
      ids.filter((event) => replayOf(event) !== undefined).map(({ messageId }) => messageId),
    );
  }

  #deps(invocation: Invocation) {
    const { gate } = invocation;
    const stage = this.#stage;
    stage.now = this.schedule.now;
    const overrides: Overrides = {
      ports: {
        state: gated(stage.state, 'state', gate),
        parking: gated(stage.parking, 'parking', gate),
        process: (message) => this.#process(message, invocation),
        uuid: this.#uuid,
        queue: gated(
          {
            receive: () => Promise.resolve([]),
            delete: ({ receiptHandle }) => {
              orFault(() => this.#engine.delete(QUEUE, receiptHandle));
              return Promise.resolve();
            },
            setVisibility: (hidden, seconds) => {
              orFault(() => {
                for (const { receiptHandle } of hidden)
                  this.#engine.changeVisibility(QUEUE, receiptHandle, seconds);
              });
              return Promise.resolve();
            },
          },
          'queue',
          gate,
        ),
      },
      time: { clock: () => (stage.now = this.schedule.now), timeLeft: () => invocation.timeLeft },
    };
    return stage.deps(overrides);
  }

  async #process({ groupId, body }: IncomingMessage, invocation: Invocation): Promise<Outcome> {
    const other = this.#workers.get(groupId);
    if (other !== undefined && other !== invocation && other.isRunning)
      this.violations.push(`two workers: ${other.name} and ${invocation.name} on ${groupId}`);
    this.#workers.set(groupId, invocation);
    const envelope = parseEnvelope(body);
    const events = envelope?.kind === 'events' ? envelope.events : [];
    try {
      return (await invocation.gate('destination.send', [], () => {
        if (!this.#isCalm && events.some(({ messageId }) => this.#poison.has(messageId)))
          return Promise.reject(new TypeError('poison'));
        if (!this.#isCalm && this.#happens(0.05))
          return Promise.resolve({ kind: 'retry', reason: 'HTTP 503' });
        for (const { messageId } of events) {
          this.#order.delivered(groupId, messageId);
          this.#erasing?.delivered(messageId);
        }
        return Promise.resolve(DELIVERED);
      })) as Outcome;
    } finally {
      this.#workers.delete(groupId);
    }
  }

  #mishap(): Mishap {
    if (this.#isCalm || !this.#happens(0.02)) return 'none';
    const fates: readonly Mishap[] = ['die before', 'die after', 'fault before', 'fault after'];
    return fates[this.#upTo(fates.length)] ?? 'none';
  }

  /** A destination is slow at times: a batch continues for long after it has read that a key is not parked. */
  #longest(call: string): number {
    if (call === 'destination.send') return this.#happens(0.2) ? 15 * SECOND : 500;
    return this.#happens(0.02) ? 5 * SECOND : 200;
  }

  #invoke(name: string, work: (invocation: Invocation) => Promise<void>, over?: () => void): void {
    const environment = new Environment('v1', this.schedule, () => this.#dice.next());
    const invocation = new Invocation(`${name}#${(this.#ids += 1)}`, TIMEOUT, {
      schedule: this.schedule,
      host: environment.host(),
      mishap: () => this.#mishap(),
      latency: (call) => 1 + this.#upTo(this.#longest(call)),
      landsLate: () => (this.#happens(0.3) ? this.#upTo(6 * SECOND) : undefined),
      owed: () => undefined,
      trace: () => undefined,
    });
    const end = (): void => {
      environment.over(invocation);
      over?.();
    };
    invocation.start(
      () => work(invocation),
      (result) => {
        if (result instanceof Error && !(result instanceof InfraFault))
          this.violations.push(`error: ${result.stack ?? ''}`);
        end();
      },
      end,
    );
  }
}
