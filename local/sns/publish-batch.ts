/** SNS's PublishBatch, to topics that destinations name. */
import type { Answer } from '../common/answer.ts';
import { lastPart } from '../template/physical.ts';
import { answered, attributesOf, MAX_MESSAGE, refused } from './form.ts';
import type { DestinationTopics, TopicMessage } from './topics.ts';

/** SNS's quota of a call's entries. Their bytes together are those of one message. */
const MAX_ENTRIES = 10;

interface Entry extends TopicMessage {
  readonly id: string;
}

const entriesOf = (form: URLSearchParams): readonly Entry[] => {
  const entries: Entry[] = [];
  for (let i = 1; ; i += 1) {
    const prefix = `PublishBatchRequestEntries.member.${i}.`;
    const id = form.get(`${prefix}Id`);
    if (id === null) return entries;
    const groupId = form.get(`${prefix}MessageGroupId`);
    const deduplicationId = form.get(`${prefix}MessageDeduplicationId`);
    entries.push({
      id,
      message: form.get(`${prefix}Message`) ?? '',
      attributes: attributesOf(form, prefix),
      ...(groupId === null ? {} : { groupId }),
      ...(deduplicationId === null ? {} : { deduplicationId }),
    });
  }
};

const sizeOf = ({ message, attributes }: Entry): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { Type, Value }]) => sum + Buffer.byteLength(name + Type + Value),
    Buffer.byteLength(message),
  );

export const publishBatch = async (
  form: URLSearchParams,
  topics: Pick<DestinationTopics, 'has' | 'publish'>,
): Promise<Answer> => {
  const topicArn = form.get('TopicArn') ?? '';
  const topic = lastPart(topicArn);
  if (!topics.has(topic)) return refused(404, 'NotFound', 'Topic does not exist');
  const entries = entriesOf(form);
  if (entries.length === 0) return refused(400, 'EmptyBatchRequest', 'there are no entries');
  if (entries.length > MAX_ENTRIES)
    return refused(400, 'TooManyEntriesInBatchRequest', `at most ${MAX_ENTRIES} entries are allowed`);
  if (new Set(entries.map(({ id }) => id)).size < entries.length)
    return refused(400, 'BatchEntryIdsNotDistinct', 'two entries have the same Id');
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes > MAX_MESSAGE)
    return refused(
      400,
      'BatchRequestTooLong',
      `the messages have ${bytes} bytes; ${MAX_MESSAGE} are allowed`,
    );
  const isFifo = topic.endsWith('.fifo');
  if (isFifo && entries.some(({ groupId }) => groupId === undefined))
    return refused(400, 'InvalidParameter', 'The MessageGroupId parameter is required for FIFO topics');
  const taken: string[] = [];
  for (const { id, ...message } of entries) {
    const messageId = await topics.publish(topic, message);
    taken.push(`<member><Id>${id}</Id><MessageId>${messageId}</MessageId></member>`);
  }
  return answered('PublishBatch', `<Successful>${taken.join('')}</Successful><Failed/>`);
};
