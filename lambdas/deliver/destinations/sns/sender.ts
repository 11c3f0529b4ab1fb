/**
 * An SNS topic: an event is a message, with attributes by which a subscription's filter policy chooses.
 *
 * - A FIFO topic has a group for each order key (`grouped.ts`).
 * - A standard topic gets up to ten at a time, and keeps no order.
 */
import type { PublishBatchCommandInput, PublishBatchCommandOutput } from '@aws-sdk/client-sns';
import { notDone, orFault } from '../../../aws/errors.ts';
import { resultsOf } from '../../../aws/send-message-batch.ts';
import { AccessFault } from '../../../core/base/faults.ts';
import type { SendResult } from '../../../core/base/messages.ts';
import { byteLength } from '../../../core/base/text.ts';
import type { SluiceEvent } from '../../../core/event/event.ts';
import { callsOf } from '../aws/calls-of.ts';
import { grouped } from '../aws/grouped.ts';
import { several } from '../aws/several.ts';
import { DELIVERED, nameOfCause, verdictOf } from '../aws/verdicts.ts';
import type { Sender, Verdict } from '../sender.ts';

export interface SnsDeps {
  /** Of the region that has the topic. It does not try again. */
  readonly publish: (
    input: PublishBatchCommandInput,
  ) => Promise<Pick<PublishBatchCommandOutput, 'Successful' | 'Failed'>>;
  readonly topicArn: string;
  readonly fifo: boolean;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
}

const OPERATION = 'PublishBatch';

/** SNS's quotas: entries of a call, and bytes of a message, attributes included, and of the messages of a call together. */
const MAX_ENTRIES = 10;
export const MAX_SNS_BYTES = 262_144;

const REFUSED_CONTENT = /^(InvalidParameter(Value)?|Validation|BatchRequestTooLong)(Exception)?$/;

/** An event's name is the client's: what is longer, or has characters that an attribute may not have, gets no attribute. */
const MAX_ATTRIBUTE = 256;
const PRINTABLE = /^[^\p{Cc}\p{Cs}\uFFFE\uFFFF]+$/u;

type Entry = NonNullable<PublishBatchCommandInput['PublishBatchRequestEntries']>[number];
type Attributes = NonNullable<Entry['MessageAttributes']>;

/** By what a filter policy can choose: the event's `type`, and its name. */
const attributesOf = (content: SluiceEvent): Attributes =>
  Object.fromEntries(
    ['type', 'event'].flatMap((name) => {
      const value = content[name];
      if (typeof value !== 'string' || value.length > MAX_ATTRIBUTE || !PRINTABLE.test(value)) return [];
      return [[name, { DataType: 'String', StringValue: value }]];
    }),
  );

/** What counts for the quota: body, and name, type and value of each attribute. */
const sizeOf = (content: SluiceEvent, body: string): number =>
  Object.entries(attributesOf(content)).reduce(
    (sum, [name, { DataType = '', StringValue = '' }]) =>
      sum + byteLength(name) + byteLength(DataType) + byteLength(StringValue),
    byteLength(body),
  );

const CALL = { entries: MAX_ENTRIES, callBytes: MAX_SNS_BYTES, maxBytes: MAX_SNS_BYTES };

export const snsSender = ({ publish, topicArn, fifo, room }: SnsDeps): Sender => {
  const send = async (entries: readonly Omit<Entry, 'Id'>[]): Promise<readonly SendResult[]> => {
    const input = {
      TopicArn: topicArn,
      PublishBatchRequestEntries: entries.map((entry, i) => ({ Id: String(i), ...entry })),
    };
    try {
      const answer = await orFault(`${OPERATION} of "${topicArn}"`, publish(input));
      return resultsOf(entries, answer, 'SNS');
    } catch (error) {
      // It is the topic that SNS finds invalid, and none of the events is to blame.
      if (REFUSED_CONTENT.test(nameOfCause(error)) && /\bTopicArn\b/.test((error as Error).message))
        throw new AccessFault((error as Error).message, { cause: error });
      throw error;
    }
  };
  const common = { service: 'SNS', ...CALL, room, refusedContent: REFUSED_CONTENT };
  const toVerdict = (result: SendResult): Verdict =>
    result.ok ? DELIVERED : verdictOf(notDone(OPERATION, result.reason, result.senderFault));
  if (!fifo)
    return several({
      ...common,
      sizeOf: ({ content }, text) => sizeOf(content, text),
      sendCall: async (events, texts) => {
        const entries = events.map(({ content }, i) => ({
          Message: texts[i] ?? '',
          MessageAttributes: attributesOf(content),
        }));
        return (await send(entries)).map(toVerdict);
      },
    });
  return grouped({
    ...common,
    operation: OPERATION,
    sizeOf: ({ content, body }) => sizeOf(content, body),
    split: (messages) => {
      const sizes = messages.map(({ content, body }) => sizeOf(content, body));
      return callsOf(sizes, CALL).map((indices) => indices.flatMap((i) => messages[i] ?? []));
    },
    send: (messages) =>
      send(
        messages.map(({ groupId, deduplicationId, body, content }) => ({
          Message: body,
          MessageAttributes: attributesOf(content),
          MessageGroupId: groupId,
          MessageDeduplicationId: deduplicationId,
        })),
      ),
  });
};
