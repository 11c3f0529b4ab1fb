/** Ingest's plan, a FIFO queue in the real engine, and one stage over stores in memory, with a clock of its own. */
import type { OrderBy } from '../../contract/settings.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { parseEnvelope } from '../../lambdas/core/event/envelope.ts';
import { admit, type Arrival } from '../../lambdas/core/ingest/admit.ts';
import { planRequest } from '../../lambdas/core/ingest/plan.ts';
import { Crowding } from '../../lambdas/core/stage/crowding.ts';
import { HotKeys } from '../../lambdas/core/stage/hot-keys.ts';
import type { Process } from '../../lambdas/core/stage/outcome.ts';
import { SqsEngine } from '../../local/sqs/engine.ts';
import { memoryStore } from '../../local/sqs/store.ts';
import { DrainStage } from '../support/drain-stage.ts';
import { DELIVERED, STAGE, type Overrides } from '../support/memory-stage.ts';
import { HOUR, MINUTE, MODE_SETTINGS, SECOND } from '../support/mode-settings.ts';
import { orFault, toIncoming } from './pipeline/received.ts';

const QUEUE = 'crm.fifo';
export const POISON = 'poison' as const;

interface Sent {
  readonly userId: string;
  readonly anonymousId: string;
  readonly channel: string;
  readonly messageId: string;
  readonly event: string;
}

/** Ingest, a FIFO queue and a stage that delivers what is not poison. */
export class OneStage extends DrainStage {
  /** Poison of five keys would degrade the stage, and then a drain waits for its recovery. */
  override readonly modeSettings = { ...MODE_SETTINGS, redriveThreshold: Infinity };
  readonly sent: Sent[] = [];
  readonly delivered: string[] = [];
  isFixed = false;
  /** What a test replaces of what the stage is given. */
  ports: NonNullable<Overrides['ports']> = {};
  readonly #arrival: Arrival;
  readonly #engine: SqsEngine;
  readonly #hotKeys = new HotKeys('env');
  readonly #crowding: Crowding;
  #n = 0;

  /** @param options `scanWindow`: SQS's 120,000; `spillBacklog`: as configured */
  constructor(
    orderBy: OrderBy,
    options: { readonly scanWindow?: number; readonly spillBacklog?: number } = {},
  ) {
    super();
    const { scanWindow = 120_000, spillBacklog = 60_000 } = options;
    this.#crowding = new Crowding(this.#hotKeys, { spillBacklog, interval: MINUTE });
    const newId = () => `id-${(this.#n += 1)}`;
    this.#arrival = { sourceId: 'kiosks', orderBy, receivedAt: this.now, requestIp: '', newId };
    this.#engine = new SqsEngine({ clock: () => this.now, store: memoryStore(), uuid: newId, scanWindow });
    this.#engine.createQueue(QUEUE, {
      FifoQueue: 'true',
      VisibilityTimeout: '360',
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
  }

  accept(userId: string, anonymousId: string, more: Partial<Pick<Sent, 'channel' | 'event'>> = {}): void {
    const messageId = `${userId}@${anonymousId} ${this.sent.length}`;
    const one = { userId, anonymousId, channel: 'web', event: 'ok', messageId, ...more };
    const plan = planRequest([one], this.#arrival);
    if (plan.kind === 'refuse') throw new Error(plan.reason);
    for (const message of plan.lanes.flat()) this.#engine.send(QUEUE, message);
    this.sent.push(one);
  }

  /** @param dies with all its work done, and nothing of it deleted */
  async receive(dies = false): Promise<void> {
    const messages = this.#engine.receive(QUEUE, { maxMessages: 10 }).map(toIncoming);
    if (messages.length === 0) {
      this.now += MINUTE;
      return;
    }
    this.#hotKeys.received(messages, this.now);
    if (this.#crowding.wantsLength(messages, this.now)) this.#crowding.read(this.waiting, this.now);
    const kept = await this.run(messages, {
      ports: {
        process: this.process,
        hidesOthers: (own) => this.#crowding.hidesOthers(own, this.now),
        ...this.ports,
        queue: {
          receive: () => Promise.resolve([]),
          delete: ({ receiptHandle }) => {
            if (dies) return Promise.reject(new InfraFault('the process ended'));
            orFault(() => {
              this.#engine.delete(QUEUE, receiptHandle);
            });
            return Promise.resolve();
          },
          setVisibility: (hidden, seconds) => {
            if (dies) return Promise.reject(new InfraFault('the process ended'));
            orFault(() => {
              for (const { receiptHandle } of hidden)
                this.#engine.changeVisibility(QUEUE, receiptHandle, seconds);
            });
            return Promise.resolve();
          },
        },
      },
    });
    if (dies) return;
    for (const { id, receiptHandle } of messages)
      if (!kept.includes(id)) this.#engine.delete(QUEUE, receiptHandle);
    this.now += SECOND;
  }

  /** Until the queue is empty. */
  async settle(): Promise<void> {
    for (let turns = 0; this.waiting > 0; turns += 1) {
      if (turns > 2_000) throw new Error('the queue does not become empty');
      await this.receive();
    }
  }

  /** The poison is none any more: everything that is parked is drained, and what comes behind it flows. */
  async fix(): Promise<void> {
    this.isFixed = true;
    this.now += 2 * HOUR;
    for (const key of this.parking.keys(STAGE)) await this.drain(key, { ports: { process: this.process } });
    await this.settle();
  }

  get waiting(): number {
    const { visible, inFlight } = this.#engine.counts(QUEUE);
    return visible + inFlight;
  }

  /** Keys of which an event was lost, or delivered after a later one. */
  violations(): readonly string[] {
    const keys = new Set(this.sent.map((one) => this.keyOf(one)));
    return [...keys].filter((key) => {
      const own = this.sent.filter((one) => this.keyOf(one) === key).map(({ messageId }) => messageId);
      const delivered = this.firstDeliveries.filter((id) => own.includes(id));
      return own.join() !== delivered.join();
    });
  }

  keyOf(event: Sent): string {
    const admission = admit({ ...event }, this.#arrival);
    if (!admission.ok) throw new Error(admission.reason);
    return admission.key;
  }

  /** Of the events that were delivered, each at its first delivery, in this order. */
  get firstDeliveries(): readonly string[] {
    return [...new Set(this.delivered)];
  }

  readonly process: Process = ({ body }) => {
    const envelope = parseEnvelope(body);
    if (envelope?.kind !== 'events') throw new Error('not an envelope of events');
    for (const { messageId, event } of envelope.events) {
      if (event === POISON && !this.isFixed) throw new TypeError('no such property');
      this.delivered.push(messageId);
    }
    return Promise.resolve(DELIVERED);
  };
}
