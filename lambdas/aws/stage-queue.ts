import DataLoader from 'dataloader';
import type { ReceiveMessageCommandOutput, Message } from '@aws-sdk/client-sqs';
import { allDone } from '../core/base/all-done.ts';
import { MAX_BATCH_ENTRIES } from '../core/base/limits.ts';
import type { IncomingMessage } from '../core/base/messages.ts';
import type { StageQueue } from '../core/stage/ports.ts';
import type { Call } from './direct-call.ts';
import { notDone, orFault } from './errors.ts';
import type { SendMessageBatchAnswer } from './send-message-batch.ts';

const toMessage = ({ MessageId, ReceiptHandle, Body, Attributes = {} }: Message): IncomingMessage => ({
  id: MessageId ?? '',
  receiptHandle: ReceiptHandle ?? '',
  body: Body ?? '',
  groupId: Attributes.MessageGroupId ?? '',
  sequenceNumber: Attributes.SequenceNumber ?? '',
  receiveCount: Number(Attributes.ApproximateReceiveCount),
  sentAt: Number(Attributes.SentTimestamp),
});

/** What is asked for one message. */
interface Entry {
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout?: number;
}

/**
 * Calls of a batch's keys that are made within one turn of the event loop are one call of SQS, which costs as much as a single one. Nothing
 * waits for company: those that SQS has answered together are deleted together. Each caller learns what became of its own messages.
 */
const gathered = (
  call: Call,
  QueueUrl: string,
  operation: 'DeleteMessageBatch' | 'ChangeMessageVisibilityBatch',
): DataLoader<Entry, undefined> =>
  new DataLoader(
    async (entries) => {
      const input = { QueueUrl, Entries: entries.map((entry, i) => ({ Id: String(i), ...entry })) };
      const answer = await orFault(operation, call(operation, input));
      // Its answer is as that of SendMessageBatch.
      const { Successful = [], Failed = [] } = answer as SendMessageBatchAnswer;
      const done = new Set(Successful.map(({ Id }) => Id));
      return entries.map((_, i) => {
        if (done.has(String(i))) return undefined;
        const failure = Failed.find(({ Id }) => Id === String(i));
        const words = failure && `${failure.Code ?? ''}: ${failure.Message ?? ''}`;
        return notDone(operation, words ?? 'SQS did not mention it', false);
      });
    },
    { cache: false, maxBatchSize: MAX_BATCH_ENTRIES, batchScheduleFn: (dispatch) => setImmediate(dispatch) },
  );

export class SqsStageQueue implements StageQueue {
  readonly #call: Call;
  readonly #queueUrl: string;
  readonly #deletions: DataLoader<Entry, undefined>;
  readonly #changes: DataLoader<Entry, undefined>;

  constructor(call: Call, queueUrl: string) {
    this.#call = call;
    this.#queueUrl = queueUrl;
    this.#deletions = gathered(call, queueUrl, 'DeleteMessageBatch');
    this.#changes = gathered(call, queueUrl, 'ChangeMessageVisibilityBatch');
  }

  async receive(seconds: number): Promise<readonly IncomingMessage[]> {
    const input = {
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: MAX_BATCH_ENTRIES,
      VisibilityTimeout: seconds,
      // A wait, however short, asks all of SQS's servers: without one some messages may be left out.
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['All'],
    };
    const received = await orFault('ReceiveMessage', this.#call('ReceiveMessage', input));
    const { Messages = [] } = received as Partial<ReceiveMessageCommandOutput>;
    return Messages.map(toMessage);
  }

  async setVisibility(messages: readonly IncomingMessage[], seconds: number): Promise<void> {
    await allDone(
      messages.map(({ receiptHandle }) =>
        this.#changes.load({ ReceiptHandle: receiptHandle, VisibilityTimeout: seconds }),
      ),
    );
  }

  async delete({ receiptHandle }: IncomingMessage): Promise<void> {
    await this.#deletions.load({ ReceiptHandle: receiptHandle });
  }
}
