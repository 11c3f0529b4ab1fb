/** SNS's Publish, in the query protocol that its SDK client speaks: a form goes in, XML comes out. */
import { randomUUID } from 'node:crypto';
import type { MessageAttribute } from './message.ts';
import { NoSuchTopic, type Publication } from './service.ts';
import type { Answer, ApiRequest } from '../common/answer.ts';

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
/** SNS's quotas: bytes and characters. */
const MAX_MESSAGE = 262_144;
const MAX_SUBJECT = 100;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body,
});

const refused = (status: number, code: string, message: string): Answer =>
  xml(
    status,
    `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code>` +
      `<Message>${escape(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  );

/** `MessageAttributes.entry.1.Name`, `...Value.DataType` and so on. */
const attributesOf = (form: URLSearchParams): Readonly<Record<string, MessageAttribute>> => {
  const attributes = new Map<string, MessageAttribute>();
  for (let i = 1; ; i += 1) {
    const entry = `MessageAttributes.entry.${i}`;
    const name = form.get(`${entry}.Name`);
    if (name === null) return Object.fromEntries(attributes);
    attributes.set(name, {
      Type: form.get(`${entry}.Value.DataType`) ?? 'String',
      Value: form.get(`${entry}.Value.StringValue`) ?? form.get(`${entry}.Value.BinaryValue`) ?? '',
    });
  }
};

/** @returns undefined when the request is for something else */
export const answerSns = async (
  { body, headers }: ApiRequest,
  publish: (publication: Publication) => Promise<string>,
): Promise<Answer | undefined> => {
  if (!String(headers['content-type']).startsWith('application/x-www-form-urlencoded')) return undefined;
  const form = new URLSearchParams(body.toString());
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
    return xml(
      200,
      `<PublishResponse xmlns="${NAMESPACE}"><PublishResult><MessageId>${id}</MessageId></PublishResult>` +
        `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`,
    );
  } catch (error) {
    if (error instanceof NoSuchTopic) return refused(404, 'NotFound', error.message);
    throw error;
  }
};
