import DataLoader from 'dataloader';
import { allDone } from '../core/base/all-done.ts';
import { inCalls } from '../core/base/send-batches.ts';
import { MAX_BATCH_ENTRIES } from '../core/base/limits.ts';
import type { OutgoingMessage, QueueSender } from '../core/base/messages.ts';
import { notDone } from './errors.ts';

/** How long a message waits for company; milliseconds. */
const WINDOW = 3;

/**
 * Gathers what the groups of one batch send at about the same time into one call of SQS, which costs as much as a
 * single message. Messages of one group never meet in a call: a group sends its next message after the last was taken.
 */
export class BatchingSender {
  readonly #loader: DataLoader<OutgoingMessage, undefined>;

  constructor(sender: QueueSender) {
    this.#loader = new DataLoader(
      async (messages) => (await allDone(inCalls(messages).map((call) => sendCall(sender, call)))).flat(),
      {
        cache: false,
        maxBatchSize: MAX_BATCH_ENTRIES,
        batchScheduleFn: (dispatch) => {
          setTimeout(dispatch, WINDOW);
        },
      },
    );
  }

  /** Resolves when SQS has taken the message. @throws InfraFault, MessageRefused */
  async send(message: OutgoingMessage): Promise<void> {
    await this.#loader.load(message);
  }
}

/** A call that fails must not make those fail that ran at the same time. */
const sendCall = async (
  sender: QueueSender,
  call: readonly OutgoingMessage[],
): Promise<readonly (undefined | Error)[]> => {
  try {
    const results = await sender.send(call);
    return results.map((result) =>
      result.ok ? undefined : notDone('SendMessageBatch', result.reason, result.senderFault),
    );
  } catch (error) {
    return call.map(() => (error instanceof Error ? error : new Error(String(error))));
  }
};
