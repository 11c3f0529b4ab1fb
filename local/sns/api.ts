/** SNS's Publish and PublishBatch. */
import { answered, attributesOf, MAX_MESSAGE, refused } from './form.ts';
import { publishBatch } from './publish-batch.ts';
import type { DestinationTopics } from './topics.ts';
import { NoSuchTopic, type Publication } from './service.ts';
import type { Answer, ApiRequest } from '../common/answer.ts';

/** SNS's quota: characters. */
const MAX_SUBJECT = 100;

/** @returns undefined when the request is for something else */
export const answerSns = async (
  { body, headers }: ApiRequest,
  publish: (publication: Publication) => Promise<string>,
  topics: Pick<DestinationTopics, 'has' | 'publish'>,
): Promise<Answer | undefined> => {
  if (!String(headers['content-type']).startsWith('application/x-www-form-urlencoded')) return undefined;
  const form = new URLSearchParams(body.toString());
  if (form.get('Action') === 'PublishBatch') return publishBatch(form, topics);
  if (form.get('Action') !== 'Publish') {
    return refused(
      400,
      'InvalidAction',
      `the local run does not know ${form.get('Action') ?? 'such a call'}`,
    );
  }
  const topicArn = form.get('TopicArn');
  const message = form.get('Message') ?? '';
  const subject = form.get('Subject') ?? undefined;
  const invalid = (what: string): Answer => refused(400, 'InvalidParameter', `Invalid parameter: ${what}`);
  if (topicArn === null) return invalid('TopicArn is missing');
  if (message === '') return invalid('Empty message');
  if (Buffer.byteLength(message) > MAX_MESSAGE) return invalid('Message too long');
  if (subject !== undefined && (subject === '' || subject.length > MAX_SUBJECT)) return invalid('Subject');
  try {
    const id = await publish({ topicArn, message, subject, attributes: attributesOf(form) });
    return answered('Publish', `<MessageId>${id}</MessageId>`);
  } catch (error) {
    if (error instanceof NoSuchTopic) return refused(404, 'NotFound', error.message);
    throw error;
  }
};
