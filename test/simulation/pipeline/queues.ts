/** The stages' queues and dead-letter queues in the real engine, and the mappings that hand out their messages. */
import { SqsEngine } from '../../../local/sqs/engine.ts';
import { SqsError } from '../../../local/sqs/errors.ts';
import type { ReceivedMessage } from '../../../local/sqs/types.ts';
import type { IncomingMessage, OutgoingMessage, SendResult } from '../../../lambdas/core/base/messages.ts';
import type { StageQueue } from '../../../lambdas/core/stage/ports.ts';
import type { MappingChange } from '../../../lambdas/core/mode/mapping.ts';
import { INTAKE_CONCURRENCY, MAX_CONCURRENCY, SECOND } from './config.ts';
import { STAGES, type PlanSettings, type StageId } from './plan.ts';
import type { Mapping, Surroundings } from './queue-parts.ts';
import { Groups, orFault, toIncoming } from './received.ts';

const MAX_BATCH = 10;
/** How long the mapping retries before it leaves messages to the visibility timeout, milliseconds. */
const DELETE_AFTER = 50;
/** How long a mapping refuses a further change. */
const TRANSITION = 20 * SECOND;
/** A function that starts late starts at most this long before its batch is visible again. */
const LATE = 20 * SECOND;
/** Seconds; as deployed. */
const DEAD_LETTER_RETENTION = 1_209_600;

export const queueName = (stage: StageId): string => `${stage}.fifo`;
export const deadLetterQueueName = (stage: StageId): string => `${stage}-dead.fifo`;

export class Queues {
  readonly mappings: readonly Mapping[];
  readonly #engine: SqsEngine;
  readonly #surroundings: Surroundings;
  readonly #groups = new Groups();
  readonly #wakeAt = new Map<string, number>();
  readonly #ids = new Map<StageId, string[]>();
  /** By message: invented receives. */
  readonly #worn = new Map<string, number>();

  constructor({ retention, maxReceiveCount }: PlanSettings, surroundings: Surroundings) {
    this.#surroundings = surroundings;
    const { schedule, uuid } = surroundings;
    this.#engine = new SqsEngine({ clock: () => schedule.now, store: this.#groups.store, uuid });
    this.mappings = STAGES.flatMap((stage) => {
      const fifo = {
        FifoQueue: 'true',
        VisibilityTimeout: String(surroundings.visibility(stage)),
        DeduplicationScope: 'messageGroup',
        FifoThroughputLimit: 'perMessageGroupId',
      };
      const dead = deadLetterQueueName(stage);
      this.#engine.createQueue(dead, { ...fifo, MessageRetentionPeriod: String(DEAD_LETTER_RETENTION) });
      this.#engine.createQueue(queueName(stage), {
        ...fifo,
        MessageRetentionPeriod: String(retention),
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: this.#engine.queueArn(dead), maxReceiveCount }),
      });
      const mapping = {
        stage,
        enabled: true,
        running: 0,
        busyUntil: 0,
        starvedFrom: 0,
        starvedUntil: 0,
        starvedBy: 'function' as const,
      };
      return [
        { ...mapping, isDead: false, queue: queueName(stage), concurrency: MAX_CONCURRENCY },
        { ...mapping, isDead: true, queue: dead, concurrency: INTAKE_CONCURRENCY },
      ];
    });
  }

  /** Messages of all queues, hidden or not. */
  get waiting(): number {
    return this.mappings.reduce((sum, mapping) => sum + this.countOf(mapping), 0);
  }

  /** Messages of one queue. */
  countOf({ queue }: Pick<Mapping, 'queue'>): number {
    const { visible, inFlight } = this.#engine.counts(queue);
    return visible + inFlight;
  }

  /** A message could be received now: it is the first of its group that is left, and not hidden. */
  hasAvailable(stage: StageId): boolean {
    return this.#engine.hasAvailable(queueName(stage));
  }

  /** Groups that have messages in the queue of a stage. */
  groupsOf(stage: StageId): readonly string[] {
    return this.#groups.of(queueName(stage));
  }

  of(stage: StageId): Mapping {
    const mapping = this.mappings.find((one) => one.stage === stage && !one.isDead);
    if (mapping === undefined) throw new Error(`${stage} has no mapping`);
    return mapping;
  }

  /** One call of SendMessageBatch. */
  send(stage: StageId, messages: readonly OutgoingMessage[]): readonly SendResult[] {
    const { accepted, entryFate } = this.#surroundings;
    const results = messages.map(({ groupId, deduplicationId, body }): SendResult => {
      const fate = entryFate();
      if (fate === 'refused') return { ok: false, senderFault: false, reason: 'InternalError' };
      const before = this.#engine.counts(queueName(stage));
      const { messageId } = this.#engine.send(queueName(stage), { groupId, deduplicationId, body });
      const after = this.#engine.counts(queueName(stage));
      const isNew = after.visible + after.inFlight > before.visible + before.inFlight;
      if (isNew) {
        this.#ids.set(stage, [...(this.#ids.get(stage) ?? []), messageId]);
        accepted(stage, { id: messageId, groupId, body });
      }
      return fate === 'taken' ? { ok: true } : { ok: false, senderFault: false, reason: 'no answer' };
    });
    this.pump(this.of(stage));
    return results;
  }

  stageQueue({ queue }: Mapping): StageQueue {
    return {
      receive: async (seconds) => {
        await Promise.resolve();
        const received = this.#engine.receive(queue, { maxMessages: MAX_BATCH, visibilityTimeout: seconds });
        return received.map(this.#toIncoming);
      },
      delete: async ({ receiptHandle }) => {
        await Promise.resolve();
        orFault(() => {
          this.#engine.delete(queue, receiptHandle);
        });
      },
      setVisibility: async (messages, seconds) => {
        await Promise.resolve();
        orFault(() => {
          for (const { receiptHandle } of messages)
            this.#engine.changeVisibility(queue, receiptHandle, seconds);
        });
        this.#wake(queue);
      },
    };
  }

  /** @returns whether it was possible: a mapping in transition refuses */
  update(stage: StageId, change: MappingChange): boolean {
    const { schedule, random } = this.#surroundings;
    const mapping = this.of(stage);
    if (mapping.busyUntil > schedule.now) return false;
    mapping.busyUntil = schedule.now + Math.floor(random() * TRANSITION);
    mapping.enabled = change.enabled;
    mapping.concurrency = change.maximumConcurrency;
    this.pump(mapping);
    return true;
  }

  /** @param length milliseconds for which no function is invoked */
  starve(stage: StageId, how: Mapping['starvedBy'], length: number): void {
    const { schedule } = this.#surroundings;
    const mapping = this.of(stage);
    mapping.starvedFrom = schedule.now;
    mapping.starvedUntil = schedule.now + length;
    mapping.starvedBy = how;
    schedule.after(length, () => {
      this.pump(mapping);
    });
  }

  isStarved(stage: StageId, how?: Mapping['starvedBy']): boolean {
    const { starvedUntil, starvedBy } = this.of(stage);
    return starvedUntil > this.#surroundings.schedule.now && (how ?? starvedBy) === starvedBy;
  }

  /** @param length for at least that long */
  isCutOff(stage: StageId, length: number): boolean {
    const { starvedFrom } = this.of(stage);
    return this.isStarved(stage, 'mapping') && this.#surroundings.schedule.now - starvedFrom >= length;
  }

  /** Adds `times` to the receive counts of the messages in the queue. */
  wear(stage: StageId, receives: number): void {
    for (const id of this.#ids.get(stage) ?? []) this.#worn.set(id, receives);
  }

  /** Hands out the visible messages, up to the limit of concurrent functions. */
  pump(mapping: Mapping): void {
    const { queue } = mapping;
    if (!mapping.isDead && this.isStarved(mapping.stage, 'mapping')) return;
    while (mapping.enabled && mapping.running < mapping.concurrency && this.#engine.hasAvailable(queue)) {
      const maxMessages = 1 + Math.floor(this.#surroundings.random() * MAX_BATCH);
      const received = this.#engine.receive(queue, { maxMessages });
      // The messages have moved to the dead letters.
      if (received.length > 0) this.#start(mapping, received.map(this.#toIncoming));
    }
    this.#wake(queue);
    if (!mapping.isDead) this.#pumpDeadLetters(mapping.stage);
  }

  #pumpDeadLetters(stage: StageId): void {
    const dead = this.mappings.find((one) => one.stage === stage && one.isDead);
    if (dead !== undefined && this.#engine.hasAvailable(dead.queue)) this.pump(dead);
  }

  readonly #toIncoming = (received: ReceivedMessage): IncomingMessage => {
    const { receivedAt, ...message } = toIncoming(received);
    const worn = this.#worn.get(message.id);
    if (worn !== undefined) return { ...message, receiveCount: message.receiveCount + worn };
    return receivedAt === undefined ? message : { ...message, receivedAt };
  };

  #start(mapping: Mapping, messages: readonly IncomingMessage[]): void {
    const { handOut, schedule, random, undeleted, visibility, lateStart, starved } = this.#surroundings;
    if (!mapping.isDead && this.isStarved(mapping.stage, 'function')) {
      starved();
      return;
    }
    mapping.running += 1;
    // Lambda deletes the messages that were not reported as failed; this may fail.
    const answer = (kept: readonly string[]): void => {
      const done = messages.filter(({ id }) => !kept.includes(id));
      if (done.length === 0 || undeleted()) return;
      schedule.after(Math.floor(random() * DELETE_AFTER), () => {
        for (const { receiptHandle } of done) this.#deleteDone(mapping, receiptHandle);
        this.pump(mapping);
      });
    };
    const begin = (): void => {
      handOut(mapping, messages, answer, () => {
        mapping.running -= 1;
        this.pump(mapping);
      });
    };
    // Mostly late enough for the visibility timeout to pass while it works.
    const latest = visibility(mapping.stage) * SECOND;
    if (lateStart()) schedule.after(Math.max(0, latest - Math.floor(random() * LATE)), begin);
    else begin();
  }

  /** A handle may be stale: the function has deleted the message itself, or the message was handed out again. */
  #deleteDone({ queue }: Mapping, receiptHandle: string): void {
    try {
      this.#engine.delete(queue, receiptHandle);
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
    }
  }

  /** Hidden messages become visible when their timeout passes. */
  #wake(queue: string): void {
    const { schedule } = this.#surroundings;
    const next = this.#engine.nextEventAt(queue);
    const set = this.#wakeAt.get(queue) ?? -Infinity;
    if (next === undefined || (set > schedule.now && set <= next)) return;
    this.#wakeAt.set(queue, next);
    schedule.after(next - schedule.now, () => {
      const mapping = this.mappings.find((one) => one.queue === queue);
      if (mapping !== undefined) this.pump(mapping);
    });
  }
}
