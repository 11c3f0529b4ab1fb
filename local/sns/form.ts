/** The query protocol that SNS's SDK client speaks: a form goes in, XML comes out. */
import { randomUUID } from 'node:crypto';
import type { Answer } from '../common/answer.ts';
import type { MessageAttribute } from './message.ts';

const NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
/** SNS's quota of a message: bytes. */
export const MAX_MESSAGE = 262_144;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body,
});

export const refused = (status: number, code: string, message: string): Answer =>
  xml(
    status,
    `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code>` +
      `<Message>${escape(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  );

/** `MessageAttributes.entry.1.Name`, `...Value.DataType` and so on. @param prefix of their names */
export const attributesOf = (
  form: URLSearchParams,
  prefix = '',
): Readonly<Record<string, MessageAttribute>> => {
  const attributes = new Map<string, MessageAttribute>();
  for (let i = 1; ; i += 1) {
    const entry = `${prefix}MessageAttributes.entry.${i}`;
    const name = form.get(`${entry}.Name`);
    if (name === null) return Object.fromEntries(attributes);
    attributes.set(name, {
      Type: form.get(`${entry}.Value.DataType`) ?? 'String',
      Value: form.get(`${entry}.Value.StringValue`) ?? form.get(`${entry}.Value.BinaryValue`) ?? '',
    });
  }
};

/** @param result what is in it, as XML */
export const answered = (operation: string, result: string): Answer =>
  xml(
    200,
    `<${operation}Response xmlns="${NAMESPACE}"><${operation}Result>${result}</${operation}Result>` +
      `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${operation}Response>`,
  );
