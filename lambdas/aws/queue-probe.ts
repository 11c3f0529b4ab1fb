/**
 * Asks SQS whether it takes messages for a queue, with one that it can only refuse: a FIFO queue takes none without a group. So nothing is
 * stored, and a function that may send needs no other permission.
 */
import { InfraFault } from '../core/base/faults.ts';
import type { Answered, Call } from './direct-call.ts';
import { notDone } from './errors.ts';
import { resultsOf, type SendMessageBatchAnswer } from './send-message-batch.ts';

const WITHOUT_GROUP = [{ Id: '0', MessageBody: 'ready' }];

/**
 * SQS names the parameter that is missing, of the entry or of the call. Whatever else it says (a throttle, a permission, a queue that is
 * gone, a failure inside) would hold for events as well.
 */
const blamesTheEntry = (error: unknown): boolean => {
  const { name = '', status } = error as Partial<Error & Answered>;
  return status === 400 && /Parameter|Validation/i.test(name);
};

/** Ends when SQS has refused the message as one without a group. @throws InfraFault when it would take no event, either */
export type QueueProbe = (signal: AbortSignal) => Promise<void>;

export const queueProbe =
  (call: Call, queueUrl: string): QueueProbe =>
  async (signal) => {
    const what = `SendMessageBatch of "${queueUrl}"`;
    let answer: SendMessageBatchAnswer;
    try {
      answer = (await call('SendMessageBatch', { QueueUrl: queueUrl, Entries: WITHOUT_GROUP }, signal)) ?? {};
    } catch (error) {
      if (blamesTheEntry(error)) return;
      const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      throw notDone(what, words, false, { cause: error });
    }
    const [result] = resultsOf(['ready'], answer);
    if (result?.ok === false && !result.senderFault) throw new InfraFault(`${what} failed: ${result.reason}`);
  };
