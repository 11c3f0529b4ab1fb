/** The local SQS as the source of an event source mapping. */
import { md5, md5OfAttributes } from '../sqs/digest.ts';
import { systemAttributes } from '../sqs/responses.ts';
import type { SqsService } from '../sqs/service.ts';
import type { ReceivedMessage } from '../sqs/types.ts';
import type { MessageSource, QueueMessage } from './event-source-mapping.ts';

/** @returns the entries that have a value */
const present = (entries: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

const toQueueMessage = (message: ReceivedMessage): QueueMessage => {
  const md5OfMessageAttributes = md5OfAttributes(message.attributes);
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    md5OfBody: md5(message.body),
    attributes: present(systemAttributes(message)),
    messageAttributes: message.attributes,
    ...(md5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes }),
  };
};

/** @param queue name, URL or ARN */
export const queueSource = (
  service: Pick<SqsService, 'receive' | 'deleteBatch'>,
  queue: string,
): MessageSource => ({
  receive: async (request) => (await service.receive({ queue, ...request })).map(toQueueMessage),
  delete: async (receiptHandles) => {
    const entries = receiptHandles.map((receiptHandle, index) => ({ id: String(index), receiptHandle }));
    const { failed } = await service.deleteBatch(queue, entries);
    const [first] = failed;
    if (first !== undefined)
      throw new Error(
        `${failed.length} of ${entries.length} messages not deleted; the first: ${first.message}`,
      );
  },
});
