import type { Clock } from '../core/base/clock.ts';
import type { OutgoingMessage, QueueSender, SendResult } from '../core/base/messages.ts';
import { directCall, SQS, type Call } from './direct-call.ts';
import { orFault } from './errors.ts';
import { entriesOf, resultsOf } from './send-message-batch.ts';

/** Calls of the SQS that has the queue. */
export const directSqs = (queueUrl: string, clock: Clock): Call => directCall(SQS, queueUrl, clock);

/** As `SqsQueueSender`, without the SDK. A call that fails is not repeated here: ingest's `sendLanes` does, or what `call` is. */
export class DirectQueueSender implements QueueSender {
  readonly #call: Call;
  readonly #queueUrl: string;

  constructor(call: Call, queueUrl: string) {
    this.#call = call;
    this.#queueUrl = queueUrl;
  }

  async send(messages: readonly OutgoingMessage[], signal?: AbortSignal): Promise<readonly SendResult[]> {
    const input = { QueueUrl: this.#queueUrl, Entries: entriesOf(messages) };
    const sent = this.#call('SendMessageBatch', input, signal);
    const answer = await orFault(`SendMessageBatch of "${this.#queueUrl}"`, sent);
    return resultsOf(messages, answer ?? {});
  }
}
