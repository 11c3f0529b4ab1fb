/**
 * An SQS queue: an event is a message.
 *
 * - A FIFO queue has a group for each order key, and gets the events of a key one after another: each when the one before it was taken.
 *   Events of several keys share a call. Its deduplication id is the event's place, so that a repetition within five minutes is dropped,
 *   and two events that are alike are two.
 * - A standard queue gets up to ten at a time. It keeps no order, so that those behind one that failed count as they are.
 */
import { createHash } from 'node:crypto';
import { BatchingSender } from '../../../aws/batching-sender.ts';
import type { Call } from '../../../aws/direct-call.ts';
import { DirectQueueSender } from '../../../aws/direct-sender.ts';
import { notDone, orFault } from '../../../aws/errors.ts';
import { resultsOf } from '../../../aws/send-message-batch.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_ENTRIES } from '../../../core/base/limits.ts';
import type { OutgoingMessage, SendResult } from '../../../core/base/messages.ts';
import { byteLength } from '../../../core/base/text.ts';
import { toEventText } from '../../../core/event/envelope.ts';
import { oneByOne } from '../aws/one-by-one.ts';
import { several } from '../aws/several.ts';
import { DELIVERED, nameOfCause, tooLarge, verdictOf } from '../aws/verdicts.ts';
import type { Outgoing, Sender, Verdict } from '../sender.ts';

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
const isRefusedContent = (error: unknown): boolean => REFUSED_CONTENT.test(nameOfCause(error));

const toMessage = ({ key, place, content }: Outgoing): OutgoingMessage => {
  const body = toEventText(content);
  const deduplicationId = createHash('sha256').update(`${place}\n${body}`).digest('hex');
  return { groupId: key, deduplicationId, body };
};

const toVerdict = (result: SendResult): Verdict =>
  result.ok ? DELIVERED : verdictOf(notDone('SendMessageBatch', result.reason, result.senderFault));

/** Of one event, which was alone in its call. */
const ofOne = async (sent: Promise<readonly SendResult[]>): Promise<Verdict> => {
  try {
    const [result] = await sent;
    if (result === undefined) throw new Error('a message has no result');
    return toVerdict(result);
  } catch (error) {
    return isRefusedContent(error)
      ? { kind: 'rejected', reason: (error as Error).message }
      : verdictOf(error);
  }
};

const fifoSender = ({ call, queueUrl, room }: SqsDeps): Sender => {
  const direct = new DirectQueueSender(call, queueUrl);
  const gathering = new BatchingSender(direct);
  const sendOne = async (event: Outgoing, timeLeft: () => number): Promise<Verdict | undefined> => {
    const message = toMessage(event);
    const bytes = byteLength(message.body);
    if (bytes > MAX_SQS_BYTES) return tooLarge('SQS', bytes, MAX_SQS_BYTES);
    if (timeLeft() < room) return undefined;
    try {
      await gathering.send(message);
      return DELIVERED;
    } catch (error) {
      if (!isRefusedContent(error)) return verdictOf(error);
    }
    // Another user's event was in the call: alone it shows whose content it was.
    return timeLeft() < room ? undefined : ofOne(direct.send([message]));
  };
  return oneByOne(sendOne);
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
