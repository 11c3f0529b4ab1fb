/** Queue attributes: which there are, what values they take, and what the engine reads from them. */
import { invalid, invalidValue, SqsError } from './errors.ts';

export type QueueAttributes = Readonly<Record<string, string>>;

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

/** What a queue does, by its attributes. Times in seconds, sizes in bytes. */
export interface QueueSettings {
  readonly fifo: boolean;
  readonly visibilityTimeout: number;
  readonly delaySeconds: number;
  readonly retentionPeriod: number;
  readonly maximumMessageSize: number;
  readonly receiveWaitSeconds: number;
  readonly contentBasedDeduplication: boolean;
  readonly deduplicationPerGroup: boolean;
  readonly redrivePolicy: RedrivePolicy | undefined;
}

const RANGES: Readonly<Record<string, readonly [min: number, max: number, byDefault: number]>> = {
  DelaySeconds: [0, 900, 0],
  MaximumMessageSize: [1024, 1_048_576, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600, 345_600],
  ReceiveMessageWaitTimeSeconds: [0, 20, 0],
  VisibilityTimeout: [0, 43_200, 30],
};

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  FifoQueue: ['true', 'false'],
  ContentBasedDeduplication: ['true', 'false'],
  DeduplicationScope: ['queue', 'messageGroup'],
  FifoThroughputLimit: ['perQueue', 'perMessageGroupId'],
  SqsManagedSseEnabled: ['true', 'false'],
};

/** Kept and returned, with no effect here: who may call and how disks are encrypted is AWS's own affair. */
const OPAQUE = new Set(['Policy', 'RedriveAllowPolicy', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds']);

const FIFO_ONLY = new Set([
  'FifoQueue',
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoThroughputLimit',
]);

const unknown = (name: string): SqsError =>
  new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
const badValue = (name: string, reason: string): SqsError =>
  new SqsError('InvalidAttributeValue', `Invalid value for the parameter ${name}. Reason: ${reason}`);

const checkRange = (name: string, value: string, [min, max]: readonly [number, number, number]): void => {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max)
    throw badValue(name, `expected a whole number from ${min} to ${max}, got "${value}".`);
};

/** @throws SqsError if the text is no redrive policy */
export const parseRedrivePolicy = (text: string | undefined): RedrivePolicy | undefined => {
  if (text === undefined || text === '') return undefined;
  const refuse = (reason: string): SqsError => invalidValue(text, 'RedrivePolicy', reason);
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw refuse('it is not a JSON object.');
  }
  if (typeof policy !== 'object' || policy === null) throw refuse('it is not a JSON object.');
  const { deadLetterTargetArn, maxReceiveCount = 10 } = policy as Record<string, unknown>;
  if (typeof deadLetterTargetArn !== 'string') throw refuse('deadLetterTargetArn is missing.');
  const count = Number(maxReceiveCount);
  if (!Number.isInteger(count) || count < 1 || count > 1000)
    throw refuse('maxReceiveCount must be a whole number from 1 to 1000.');
  return { deadLetterTargetArn, maxReceiveCount: count };
};

const checkOne = (name: string, value: string, fifo: boolean): void => {
  const range = RANGES[name];
  if (range !== undefined) {
    checkRange(name, value, range);
    return;
  }
  if (FIFO_ONLY.has(name) && !fifo) throw unknown(name);
  const choices = CHOICES[name];
  if (choices !== undefined) {
    if (!choices.includes(value.toLowerCase()) && !choices.includes(value))
      throw badValue(name, `expected ${choices.join(' or ')}, got "${value}".`);
    return;
  }
  if (name === 'RedrivePolicy') parseRedrivePolicy(value);
  else if (!OPAQUE.has(name)) throw unknown(name);
};

/**
 * Checks attributes as `CreateQueue` and `SetQueueAttributes` take them.
 * @param existing the queue's attributes so far, undefined for a new queue
 * @returns all attributes that are set now; an empty value takes an attribute back to its default
 * @throws SqsError naming the attribute
 */
export const mergeAttributes = (
  existing: QueueAttributes | undefined,
  changes: QueueAttributes,
): QueueAttributes => {
  const fifo = (existing ?? changes)['FifoQueue']?.toLowerCase() === 'true';
  const merged = new Map(Object.entries(existing ?? {}));
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') {
      merged.delete(name);
      continue;
    }
    checkOne(name, value, fifo);
    if (name === 'FifoQueue' && existing !== undefined && value.toLowerCase() !== existing['FifoQueue'])
      throw badValue('FifoQueue', 'the type of a queue cannot change.');
    merged.set(name, /^(true|false)$/i.test(value) ? value.toLowerCase() : value);
  }
  if (
    merged.get('FifoThroughputLimit') === 'perMessageGroupId' &&
    merged.get('DeduplicationScope') !== 'messageGroup'
  )
    throw invalid('FifoThroughputLimit=perMessageGroupId needs DeduplicationScope=messageGroup.');
  return Object.fromEntries(merged);
};

export const toSettings = (attributes: QueueAttributes): QueueSettings => {
  const number = (name: string): number => Number(attributes[name] ?? RANGES[name]?.[2] ?? 0);
  return {
    fifo: attributes['FifoQueue'] === 'true',
    visibilityTimeout: number('VisibilityTimeout'),
    delaySeconds: number('DelaySeconds'),
    retentionPeriod: number('MessageRetentionPeriod'),
    maximumMessageSize: number('MaximumMessageSize'),
    receiveWaitSeconds: number('ReceiveMessageWaitTimeSeconds'),
    contentBasedDeduplication: attributes['ContentBasedDeduplication'] === 'true',
    deduplicationPerGroup: attributes['DeduplicationScope'] === 'messageGroup',
    redrivePolicy: parseRedrivePolicy(attributes['RedrivePolicy']),
  };
};

/** The attributes with AWS's defaults filled in, as `GetQueueAttributes` returns them. */
export const withDefaults = (attributes: QueueAttributes): QueueAttributes => {
  const fifo = attributes['FifoQueue'] === 'true';
  return {
    ...Object.fromEntries(Object.entries(RANGES).map(([name, [, , byDefault]]) => [name, String(byDefault)])),
    SqsManagedSseEnabled: attributes['KmsMasterKeyId'] === undefined ? 'true' : 'false',
    ...(fifo && {
      ContentBasedDeduplication: 'false',
      DeduplicationScope: 'queue',
      FifoThroughputLimit: 'perQueue',
    }),
    ...attributes,
  };
};

/** @throws SqsError if a queue of that kind cannot have that name */
export const checkQueueName = (name: string, fifo: boolean): void => {
  if (fifo ? /^[A-Za-z0-9_-]{1,75}\.fifo$/.test(name) : /^[A-Za-z0-9_-]{1,80}$/.test(name)) return;
  throw invalid(
    fifo
      ? `"${name}" cannot name a FIFO queue: use letters, digits, - and _, then .fifo, at most 80 characters.`
      : `"${name}" cannot name a standard queue: use letters, digits, - and _, at most 80 characters. A FIFO queue needs the attribute FifoQueue=true.`,
  );
};
