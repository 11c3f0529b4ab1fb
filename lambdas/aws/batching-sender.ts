import DataLoader from 'dataloader';
import { allDone } from '../core/base/all-done.ts';
import { inCalls } from '../core/base/send-batches.ts';
import { MAX_BATCH_ENTRIES } from '../core/base/limits.ts';
import type { OutgoingMessage, SendResult } from '../core/base/messages.ts';
import { notDone } from './errors.ts';

/** How long a message waits for company; milliseconds. */
const WINDOW = 3;

export interface BatchingOptions<M> {
  /** As an error names it. */
  readonly operation: string;
  /** Messages, in order, by the calls that hold them. Default: by the quotas of SQS. */
  readonly split?: (messages: readonly M[]) => readonly (readonly M[])[];
}

interface CallSender<M> {
  /** @returns a result for each message, in their order @throws InfraFault when the call as a whole failed */
  send(messages: readonly M[]): Promise<readonly SendResult[]>;
}

/**
 * Gathers what the groups of one batch send at about the same time into one call, which costs as much as a
 * single message. Messages of one group never meet in a call: a group sends its next message after the last was taken.
 */
export class BatchingSender<M extends OutgoingMessage = OutgoingMessage> {
  readonly #loader: DataLoader<M, undefined>;

  constructor(
    sender: CallSender<M>,
    { operation, split = inCalls }: BatchingOptions<M> = { operation: 'SendMessageBatch' },
  ) {
    const sendOf = (call: readonly M[]) => sendCall(sender, call, operation);
    this.#loader = new DataLoader(async (messages) => (await allDone(split(messages).map(sendOf))).flat(), {
      cache: false,
      maxBatchSize: MAX_BATCH_ENTRIES,
      batchScheduleFn: (dispatch) => {
        setTimeout(dispatch, WINDOW);
      },
    });
  }

  /** Resolves when the service has taken the message. @throws InfraFault, MessageRefused */
  async send(message: M): Promise<void> {
    await this.#loader.load(message);
  }
}

/** A call that fails must not make those fail that ran at the same time. */
const sendCall = async <M>(
  sender: CallSender<M>,
  call: readonly M[],
  operation: string,
): Promise<readonly (undefined | Error)[]> => {
  try {
    const results = await sender.send(call);
    return results.map((result) =>
      result.ok ? undefined : notDone(operation, result.reason, result.senderFault),
    );
  } catch (error) {
    return call.map(() => (error instanceof Error ? error : new Error(String(error))));
  }
};
