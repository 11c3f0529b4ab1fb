import { SqsEngine } from '../../local/sqs/engine.ts';
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import type { StageQueue } from '../../lambdas/core/stage/ports.ts';
import { MapStore } from '../local/sqs/map-store.ts';
import type { Mishap } from './invocation.ts';
import { orFault, toIncoming } from './pipeline/received.ts';
import type { Schedule } from './schedule.ts';
import { VISIBILITY, type WorldOptions } from './settings.ts';

const QUEUE = 'crm.fifo';
const DEAD_LETTERS = 'crm-dead.fifo';

/** As deployed; seconds. */
const RETENTION = 1_209_600;
const MAX_RECEIVE_COUNT = 1_000;
const MAX_BATCH = 10;

export const MAX_CONCURRENCY = 4;

/** An event source mapping. */
export interface Mapping {
  readonly queue: string;
  readonly isDead: boolean;
  enabled: boolean;
  concurrency: number;
  running: number;
}

/** @param answer given what the function reports as failed; without an answer (it died) all of it comes again @param over called last */
export type HandOut = (
  messages: readonly IncomingMessage[],
  mapping: Mapping,
  answer: (kept: readonly string[]) => void,
  over: () => void,
) => void;

/** The stage's queue and its dead-letter queue in the real engine, and the mappings that hand out what is in them. */
export class Mappings {
  readonly main: Mapping = {
    queue: QUEUE,
    isDead: false,
    enabled: true,
    concurrency: MAX_CONCURRENCY,
    running: 0,
  };
  readonly #deadLetters: Mapping = { ...this.main, queue: DEAD_LETTERS, isDead: true, concurrency: 2 };
  readonly #engine: SqsEngine;
  readonly #schedule: Schedule;
  readonly #options: Pick<WorldOptions, 'random' | 'mishap' | 'maxReceiveCount' | 'retention'>;
  readonly #handOut: HandOut;
  #wakeAt = Infinity;

  constructor(schedule: Schedule, uuid: () => string, options: WorldOptions, handOut: HandOut) {
    this.#schedule = schedule;
    this.#options = options;
    this.#handOut = handOut;
    this.#engine = new SqsEngine({ clock: () => schedule.now, store: new MapStore(), uuid });
    const fifo = { FifoQueue: 'true', VisibilityTimeout: String(VISIBILITY) };
    this.#engine.createQueue(DEAD_LETTERS, { ...fifo, MessageRetentionPeriod: String(RETENTION) });
    const policy = {
      deadLetterTargetArn: this.#engine.queueArn(DEAD_LETTERS),
      maxReceiveCount: options.maxReceiveCount ?? MAX_RECEIVE_COUNT,
    };
    this.#engine.createQueue(QUEUE, {
      ...fifo,
      MessageRetentionPeriod: String(options.retention ?? RETENTION),
      RedrivePolicy: JSON.stringify(policy),
    });
  }

  send(body: string, groupId: string): void {
    this.#engine.send(QUEUE, { body, groupId, deduplicationId: body });
    this.pump();
  }

  /** Messages of both queues, hidden or not. */
  get waiting(): number {
    return [QUEUE, DEAD_LETTERS]
      .map((queue) => this.#engine.counts(queue))
      .reduce((sum, { visible, inFlight }) => sum + visible + inFlight, 0);
  }

  /** Hands out what there is, to as many functions as may run. */
  readonly pump = (): void => {
    for (const mapping of [this.main, this.#deadLetters]) {
      while (mapping.enabled && mapping.running < mapping.concurrency) {
        const maxMessages = 1 + Math.floor(this.#options.random() * MAX_BATCH);
        const received = this.#engine.receive(mapping.queue, { maxMessages });
        if (received.length === 0) break;
        this.#start(mapping, received.map(toIncoming));
      }
    }
    this.#wake();
  };

  queueOf(mapping: Mapping): StageQueue {
    return {
      receive: async (seconds) => {
        await Promise.resolve();
        const options = { maxMessages: MAX_BATCH, visibilityTimeout: seconds };
        return this.#engine.receive(mapping.queue, options).map(toIncoming);
      },
      delete: async ({ receiptHandle }) => {
        this.#delete(mapping, receiptHandle);
        await Promise.resolve();
      },
      setVisibility: async (messages, seconds) => {
        orFault(() => {
          for (const { receiptHandle } of messages)
            this.#engine.changeVisibility(mapping.queue, receiptHandle, seconds);
        });
        this.#wake();
        await Promise.resolve();
      },
    };
  }

  #start(mapping: Mapping, messages: readonly IncomingMessage[]): void {
    mapping.running += 1;
    const answer = (kept: readonly string[]): void => {
      for (const message of messages) if (!kept.includes(message.id)) this.#deleteLater(mapping, message);
    };
    this.#handOut(messages, mapping, answer, () => {
      mapping.running -= 1;
      this.pump();
    });
  }

  /** After the answer Lambda deletes what was not reported as failed; it may fail to. */
  #deleteLater(mapping: Mapping, { receiptHandle }: IncomingMessage): void {
    this.#schedule.after(Math.floor(this.#options.random() * 50), () => {
      const fate: Mishap = this.#options.mishap('mapping.delete');
      if (fate === 'none' || fate.endsWith('after')) this.#delete(mapping, receiptHandle);
      this.pump();
    });
  }

  #delete({ queue }: Mapping, receiptHandle: string): void {
    orFault(() => {
      this.#engine.delete(queue, receiptHandle);
    });
  }

  /** Hidden messages become visible by themselves. */
  #wake(): void {
    const next = Math.min(
      ...[QUEUE, DEAD_LETTERS].map((queue) => this.#engine.nextEventAt(queue) ?? Infinity),
    );
    const isSet = next >= this.#wakeAt && this.#wakeAt > this.#schedule.now;
    if (next === Infinity || isSet) return;
    this.#wakeAt = next;
    this.#schedule.after(next - this.#schedule.now, this.pump);
  }
}
