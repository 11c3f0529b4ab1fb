/** A stage's function over stores in memory, with its log. */
import { afterEach, jest } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { validateConfig } from '../../config/validate.ts';
import { toMessageBody } from '../../lambdas/core/event/envelope.ts';
import type { Words } from '../../lambdas/core/stage/last-words.ts';
import type { Outcome } from '../../lambdas/core/stage/outcome.ts';
import type { Announcement } from '../../lambdas/core/mode/ports.ts';
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import { NOTHING_TO_REDACT } from '../../lambdas/core/base/redaction.ts';
import { PASS_THROUGH, type Transforms } from '../../lambdas/core/event/transform.ts';
import type { StageLastWords } from '../../lambdas/stage/last-words-file.ts';
import { stageHandler, type StageOptions } from '../../lambdas/stage/stage.ts';
import type { UserCode } from '../../lambdas/stage/user-code.ts';
import type { StageWorld } from '../../lambdas/stage/world.ts';
import type { DrainWork } from '../../lambdas/core/stage/command.ts';
import { FakeQueue } from '../support/fakes.ts';
import { MemoryHotKeys } from '../support/memory-hot-keys.ts';
import { MemoryLateCrashes } from '../support/memory-late-crashes.ts';
import { MemoryParking } from '../support/memory-parking.ts';
import { MemoryState } from '../support/memory-state.ts';

export const NOW = Date.UTC(2026, 10, 22);
const QUEUE_ARN = 'arn:aws:sqs:eu-west-1:123456789012:crm.fifo';
export const DEAD_ARN = 'arn:aws:sqs:eu-west-1:123456789012:crm-dead-letters.fifo';
export const { timing, degradedMode } = validateConfig({
  sources: [{ id: 'web', writeKey: 'k' }],
  destinations: [],
  degradedMode: { redriveThreshold: 1 },
});

export const body = toMessageBody({
  v: 1,
  kind: 'events',
  sourceId: 'web',
  receivedAt: '2026-11-22T00:00:00.000Z',
  events: [{ messageId: 'a' }, { messageId: 'b' }],
});

export const record = (
  messageId: string,
  key: string,
  more: { arn?: string; receives?: number } = {},
): SQSRecord => ({
  messageId,
  receiptHandle: `handle-${messageId}`,
  body,
  attributes: {
    ApproximateReceiveCount: String(more.receives ?? 1),
    SentTimestamp: String(NOW - 90_000),
    SenderId: 'me',
    ApproximateFirstReceiveTimestamp: String(NOW),
    SequenceNumber: '18880000000000000000',
    MessageGroupId: key,
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: more.arn ?? QUEUE_ARN,
  awsRegion: 'eu-west-1',
});

/** User code in this thread. */
export const codeOf = (transforms: Transforms, more: Partial<UserCode> = {}): UserCode => ({
  transforms,
  hasAbandoned: false,
  isSpent: false,
  begin: () => undefined,
  end: () => undefined,
  ...more,
});

/** Last words as a list of calls; `found`: those of the previous process. */
export class ListedWords implements StageLastWords {
  readonly calls: string[] = [];
  found: Words | undefined;

  take(): Words | undefined {
    this.calls.push('take');
    return this.found;
  }

  received(messages: readonly IncomingMessage[], until: number): void {
    this.calls.push(`received ${messages.map(({ id }) => id).join()} until ${until - NOW}`);
  }

  begun({ id }: IncomingMessage): void {
    this.calls.push(`begun ${id}`);
  }

  ended({ id }: IncomingMessage): void {
    this.calls.push(`ended ${id}`);
  }

  watching(queue: StageWorld['queue']): StageWorld['queue'] {
    return {
      receive: (seconds) => queue.receive(seconds),
      setVisibility: (messages, seconds) => {
        this.calls.push(`released ${messages.map(({ id }) => id).join()}`);
        return queue.setVisibility(messages, seconds);
      },
      delete: (message) => {
        this.calls.push(`released ${message.id}`);
        return queue.delete(message);
      },
    };
  }

  abandoned(): void {
    this.calls.push('abandoned');
  }

  clear(): void {
    this.calls.push('clear');
  }
}

afterEach(() => {
  jest.restoreAllMocks();
});

export class StageFunction {
  readonly parking = new MemoryParking();
  readonly state = new MemoryState(this.parking);
  readonly queue = new FakeQueue();
  readonly deadLetterQueue = new FakeQueue();
  readonly lateCrashes = new MemoryLateCrashes(() => NOW);
  readonly hotKeys = new MemoryHotKeys(() => NOW);
  readonly words = new ListedWords();
  readonly announced: Announcement[] = [];
  readonly processed: string[] = [];
  readonly successors: DrainWork[] = [];
  readonly lines: Record<string, unknown>[] = [];
  /** How often it has ended its process. */
  ends = 0;
  #ids = 0;
  #world: StageWorld = {
    state: this.state,
    parking: this.parking,
    lateCrashes: this.lateCrashes,
    hotKeys: this.hotKeys,
    lastWords: this.words,
    queue: this.queue,
    queueLength: () => Promise.resolve(0),
    deadLetterQueue: this.deadLetterQueue,
    deadLetterQueueArn: DEAD_ARN,
    announcer: {
      announce: async (announcement) => {
        await Promise.resolve();
        this.announced.push(announcement);
      },
    },
    startDrain: (work) => {
      this.successors.push(work);
      return Promise.resolve();
    },
    names: { pipeline: 'Sluice/Pipeline', stackName: 'Sluice' },
    controlInterval: 60_000,
    clock: () => NOW,
    random: () => 0.5,
    uuid: () => `id-${(this.#ids += 1)}`,
    endProcess: () => {
      this.ends += 1;
    },
  };

  constructor() {
    jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
      return this.lines.push(JSON.parse(String(line)) as Record<string, unknown>) > 0;
    });
  }

  change(world: Partial<StageWorld>): void {
    this.#world = { ...this.#world, ...world };
  }

  readonly done = (message: IncomingMessage): Promise<Outcome> => {
    this.processed.push(message.id);
    return Promise.resolve({ kind: 'done', shown: { delivered: 1, filtered: 0, rejected: 0 } });
  };

  /** A process of the function. @returns a function that invokes it */
  start(options: Partial<StageOptions> = {}): (event: unknown, timeLeft?: number) => Promise<unknown> {
    const handler = stageHandler(
      {
        stage: 'crm',
        process: this.done,
        code: codeOf(PASS_THROUGH),
        timing,
        degradedMode,
        worstCase: 10_000,
        codeVersion: 'v1',
        redact: NOTHING_TO_REDACT,
        ...options,
      },
      this.#world,
    );
    return (event, timeLeft = 60_000) => handler(event, { getRemainingTimeInMillis: () => timeLeft });
  }

  /** In a new process. */
  invoke(event: unknown, options: Partial<StageOptions> = {}, timeLeft?: number): Promise<unknown> {
    return this.start(options)(event, timeLeft);
  }

  /** The values of a metric, in order. */
  metric(name: string): unknown[] {
    return this.lines.flatMap((line) => (name in line ? [line[name]] : []));
  }

  /** The lines with this message. */
  logged(message: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line['message'] === message);
  }
}
