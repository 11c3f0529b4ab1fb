/** What SQS refuses before it looks into a queue. All functions throw `SqsError`. */
import { invalid, invalidValue, missing, SqsError } from './errors.ts';
import type { QueueSettings } from './attributes.ts';
import type { BatchFailure, BatchResult, MessageAttribute, SendEntry } from './types.ts';

export const MAX_BATCH_ENTRIES = 10;
const MAX_BATCH_BYTES = 1_048_576;
const MAX_ATTRIBUTES = 10;
const MAX_DELAY = 900;
const NO_DEDUPLICATION_ID =
  'A message needs a MessageDeduplicationId, or its queue the attribute ContentBasedDeduplication=true.';
export const MAX_VISIBILITY = 43_200;

/** The characters of XML 1.0, tab, line feed and carriage return among them. */
const FORBIDDEN = /[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
/** Alphanumeric characters and ASCII punctuation. */
const ID = /^[\x21-\x7e]{1,128}$/;
const BATCH_ID = /^[A-Za-z0-9_-]{1,80}$/;
const ATTRIBUTE_NAME = /^(?!\.|aws\.|amazon\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/i;
const ATTRIBUTE_TYPE = /^(String|Number|Binary)(\..{1,248})?$/;

/** @param value in whole units, or undefined for the default */
export const checkRange = (value: number | undefined, parameter: string, min: number, max: number): void => {
  if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max))
    throw invalidValue(value, parameter, `use a whole number from ${min} to ${max}.`);
};

const attributeBytes = (name: string, { dataType, stringValue, binaryValue }: MessageAttribute): number =>
  Buffer.byteLength(name) +
  Buffer.byteLength(dataType) +
  Buffer.byteLength(stringValue ?? '') +
  Buffer.byteLength(binaryValue ?? '', 'base64');

/** Bytes that count towards the limits: the body, and names, types and values of the attributes. */
const sizeOf = ({ body, attributes = {} }: SendEntry): number =>
  Object.entries(attributes).reduce(
    (sum, [name, attribute]) => sum + attributeBytes(name, attribute),
    Buffer.byteLength(body),
  );

const checkAttribute = (name: string, attribute: MessageAttribute): void => {
  const { dataType, stringValue, binaryValue } = attribute;
  const refuse = (what: string): SqsError => invalid(`Message (user) attribute '${name}' ${what}`);
  if (!ATTRIBUTE_NAME.test(name))
    throw refuse('has an invalid name: use letters, digits, _, - and single dots, at most 256.');
  if (!ATTRIBUTE_TYPE.test(dataType))
    throw refuse(`has the type '${dataType}': use String, Number or Binary, with an optional label.`);
  const kind = dataType.split('.')[0] ?? dataType;
  const value = kind === 'Binary' ? binaryValue : stringValue;
  if (value === undefined || value === '') throw refuse(`must contain a non-empty value of type '${kind}'.`);
  if (kind === 'Number' && !Number.isFinite(Number(value)))
    throw refuse(`has the value '${value}', which is not a number.`);
  if (stringValue !== undefined && FORBIDDEN.test(stringValue))
    throw new SqsError(
      'InvalidMessageContents',
      `Message attribute '${name}' has characters that are not allowed.`,
    );
};

/** A group or deduplication id. */
const checkId = (value: string | undefined, parameter: string): void => {
  if (value !== undefined && !ID.test(value))
    throw invalidValue(value, parameter, 'use 1 to 128 letters, digits and punctuation characters of ASCII.');
};

/** Checks one message for a queue with these settings. */
export const checkEntry = (entry: SendEntry, settings: QueueSettings): void => {
  const { body, groupId, deduplicationId, delaySeconds, attributes = {} } = entry;
  if (body === '') throw missing('MessageBody');
  checkId(groupId, 'MessageGroupId');
  checkId(deduplicationId, 'MessageDeduplicationId');
  if (settings.fifo) {
    if (groupId === undefined) throw missing('MessageGroupId');
    if (deduplicationId === undefined && !settings.contentBasedDeduplication)
      throw invalid(NO_DEDUPLICATION_ID);
  }
  const misplaced = 'a queue of this type does not take it.';
  // 0 stands for the queue's own delay.
  if (settings.fifo && delaySeconds !== undefined && delaySeconds !== 0)
    throw invalidValue(delaySeconds, 'DelaySeconds', misplaced);
  if (!settings.fifo && deduplicationId !== undefined)
    throw invalidValue(deduplicationId, 'MessageDeduplicationId', misplaced);
  checkRange(delaySeconds, 'DelaySeconds', 0, MAX_DELAY);
  if (FORBIDDEN.test(body))
    throw new SqsError(
      'InvalidMessageContents',
      'The message has characters that XML 1.0 does not allow; escape them, or send base64.',
    );
  const names = Object.keys(attributes);
  if (names.length > MAX_ATTRIBUTES)
    throw invalid(`The message has ${names.length} attributes; at most ${MAX_ATTRIBUTES} are allowed.`);
  for (const [name, attribute] of Object.entries(attributes)) checkAttribute(name, attribute);
  if (sizeOf(entry) > settings.maximumMessageSize)
    throw invalid(
      `The message has ${sizeOf(entry)} bytes with its attributes; the queue takes at most ${settings.maximumMessageSize}.`,
    );
};

/** Checks what makes SQS refuse a batch as a whole. `action` names the request in the error. */
export const checkBatch = (entries: readonly { readonly id: string }[], action: string): void => {
  if (entries.length === 0) throw new SqsError('EmptyBatchRequest', `${action} needs at least one entry.`);
  if (entries.length > MAX_BATCH_ENTRIES)
    throw new SqsError(
      'TooManyEntriesInBatchRequest',
      `${action} takes at most ${MAX_BATCH_ENTRIES} entries; there are ${entries.length}.`,
    );
  const seen = new Set<string>();
  for (const { id } of entries) {
    if (!BATCH_ID.test(id))
      throw new SqsError(
        'InvalidBatchEntryId',
        `"${id}" is no batch entry id: use 1 to 80 letters, digits, - and _.`,
      );
    if (seen.has(id)) throw new SqsError('BatchEntryIdsNotDistinct', `Two entries have the id ${id}.`);
    seen.add(id);
  }
};

/** What makes SQS refuse a whole batch of messages: its size, or an entry without the ids that a FIFO queue needs. */
export const checkSendBatch = (entries: readonly SendEntry[], settings: QueueSettings): void => {
  const size = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (size > MAX_BATCH_BYTES)
    throw new SqsError(
      'BatchRequestTooLong',
      `The batch has ${size} bytes; at most ${MAX_BATCH_BYTES} are allowed.`,
    );
  if (!settings.fifo) return;
  if (entries.some(({ groupId }) => groupId === undefined))
    throw invalid('Each message for a FIFO queue needs a MessageGroupId.');
  if (
    !settings.contentBasedDeduplication &&
    entries.some(({ deduplicationId }) => deduplicationId === undefined)
  )
    throw invalid(NO_DEDUPLICATION_ID);
};

/** Runs a batch entry by entry: a refused one is listed, and does not stop the others. */
export const eachEntry = <E extends { readonly id: string }, T>(
  entries: readonly E[],
  run: (entry: E) => T,
): BatchResult<T> => {
  const successful: (T & { readonly id: string })[] = [];
  const failed: BatchFailure[] = [];
  for (const entry of entries) {
    try {
      successful.push({ ...run(entry), id: entry.id });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      const { code, message, senderFault } = error;
      failed.push({ id: entry.id, code, message, senderFault });
    }
  }
  return { successful, failed };
};
