/** What the functions of all stages share: from Lambda's SQS event to the batch runner and back. */
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { ENV } from '../../config/environment.ts';
import type { ResolvedTiming } from '../../config/schema.ts';
import { runBatch, type RunnerEvent } from '../core/batch-runner.ts';
import type { Process } from '../core/outcome.ts';
import type { IncomingMessage, StateStore } from '../core/ports.ts';
import { sqsClient } from './clients.ts';
import { requireEnv } from './environment.ts';
import { describeError, emitMetrics, log } from './log.ts';
import { SqsStageQueue } from './queue.ts';

export const toMessage = ({ messageId, receiptHandle, body, attributes }: SQSRecord): IncomingMessage => ({
  id: messageId,
  receiptHandle,
  body,
  groupId: attributes.MessageGroupId ?? '',
  sequenceNumber: attributes.SequenceNumber ?? '',
  receiveCount: Number(attributes.ApproximateReceiveCount),
  sentAt: Number(attributes.SentTimestamp),
});

export interface StageOptions {
  readonly stage: string;
  readonly state: StateStore;
  readonly process: Process;
  readonly timing: ResolvedTiming;
  /** Milliseconds that the longest step of a message can take. */
  readonly worstCase: number;
  readonly codeVersion: string;
}

export const stageHandler = (options: StageOptions) => {
  const { stage, codeVersion } = options;
  const queue = new SqsStageQueue(sqsClient(), requireEnv(ENV.stageQueueUrl));
  return async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const failed = await runBatch(Records.map(toMessage), {
      ...options,
      queue,
      clock: Date.now,
      random: Math.random,
      backoff: options.timing,
      timeLeft: () => context.getRemainingTimeInMillis(),
      observe: (event) => {
        report(stage, codeVersion, event);
      },
    });
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
};

const report = (stage: string, codeVersion: string, event: RunnerEvent): void => {
  const dimensions = { Stage: stage };
  switch (event.type) {
    case 'refused':
      log('warn', `refused a batch: ${event.reason}`, {
        stage,
        messages: event.messages,
        ...(event.error === undefined ? {} : { error: describeError(event.error) }),
      });
      emitMetrics(dimensions, { BatchesRefused: 1 });
      break;
    case 'stopped':
      log('info', 'stopped for lack of time', { stage, messageId: event.message.id });
      break;
    case 'retry':
    case 'fault': {
      const { message, reason, delay } = event;
      log('warn', event.type === 'retry' ? 'will try again' : 'AWS failed; will try again', {
        stage,
        messageId: message.id,
        receiveCount: message.receiveCount,
        reason,
        delay,
      });
      emitMetrics(dimensions, event.type === 'retry' ? { Retries: 1 } : { Faults: 1 });
      break;
    }
    case 'crash':
      log('error', 'crashed', {
        stage,
        codeVersion,
        messageId: event.message.id,
        receiveCount: event.message.receiveCount,
        delay: event.delay,
        error: describeError(event.error),
      });
      emitMetrics(dimensions, { Crashes: 1 });
      break;
    case 'setback':
      log('warn', `could not ${STEPS[event.step]}`, { stage, error: describeError(event.error) });
      break;
  }
};

const STEPS = {
  visibility: "set a message's visibility; it comes back after the queue's own timeout",
  delete: 'delete a done message; the batch response will',
  ledger: 'record an attempt; an event may be delivered again',
} as const;
