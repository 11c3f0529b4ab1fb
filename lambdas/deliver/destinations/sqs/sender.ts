/**
 * An SQS queue: an event is a message.
 *
 * - A FIFO queue has a group for each order key (`grouped.ts`).
 * - A standard queue gets up to ten at a time. It keeps no order, so that those behind one that failed count as they are.
 */
import type { Call } from '../../../aws/direct-call.ts';
import { DirectQueueSender } from '../../../aws/direct-sender.ts';
import { notDone, orFault } from '../../../aws/errors.ts';
import { resultsOf } from '../../../aws/send-message-batch.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_ENTRIES } from '../../../core/base/limits.ts';
import type { SendResult } from '../../../core/base/messages.ts';
import { grouped } from '../aws/grouped.ts';
import { several } from '../aws/several.ts';
import { DELIVERED, verdictOf } from '../aws/verdicts.ts';
import type { Sender, Verdict } from '../sender.ts';

export interface SqsDeps {
  /** Of the region that has the queue. It does not try again. */
  readonly call: Call;
  readonly queueUrl: string;
  readonly fifo: boolean;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
}

/** SQS's quota of a message, and of the messages of a call. A queue may have a smaller one. */
export const MAX_SQS_BYTES = 1_048_576;

/** The content of one of the messages is not what the queue takes: the call is refused as a whole, and no retry helps. */
const REFUSED_CONTENT = /^(InvalidMessageContents|BatchRequestTooLong|InvalidParameterValue)(Exception)?$/;

const toVerdict = (result: SendResult): Verdict =>
  result.ok ? DELIVERED : verdictOf(notDone('SendMessageBatch', result.reason, result.senderFault));

const fifoSender = ({ call, queueUrl, room }: SqsDeps): Sender => {
  const direct = new DirectQueueSender(call, queueUrl);
  return grouped({
    service: 'SQS',
    operation: 'SendMessageBatch',
    maxBytes: MAX_SQS_BYTES,
    room,
    refusedContent: REFUSED_CONTENT,
    send: (messages) => direct.send(messages),
  });
};

const standardSender = ({ call, queueUrl, room }: SqsDeps): Sender =>
  several({
    service: 'SQS',
    entries: MAX_BATCH_ENTRIES,
    callBytes: MAX_BATCH_BYTES,
    maxBytes: MAX_SQS_BYTES,
    room,
    refusedContent: REFUSED_CONTENT,
    sendCall: async (events, texts) => {
      const Entries = texts.map((MessageBody, i) => ({ Id: String(i), MessageBody }));
      const sent = call('SendMessageBatch', { QueueUrl: queueUrl, Entries });
      const answer = await orFault(`SendMessageBatch of "${queueUrl}"`, sent);
      return resultsOf(events, answer ?? {}).map(toVerdict);
    },
  });

export const sqsSender = (deps: SqsDeps): Sender => (deps.fifo ? fifoSender(deps) : standardSender(deps));
