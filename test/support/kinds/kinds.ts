/** A destination of each kind that is a resource of AWS, and what is particular to it: how it fails, and in which words. */
import type { PipelineConfig } from '../../../config/index.ts';

type Destination = PipelineConfig['destinations'][number];
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

export interface Kind {
  readonly id: string;
  readonly config: WithoutId<Destination>;
  /** Whether it keeps the order of a user's events. */
  readonly ordered: boolean;
  /** Where what it has taken is found: a file of the data directory, or a queue. */
  readonly place: { readonly queue: string } | { readonly file: string };
  /** Of its calls, as `destination-faults.mjs` recognizes them. */
  readonly target: string;
  /** How a call fails that has one user's events, or how that user's entry does; the word is in the stage's status. */
  readonly fails: { readonly word: string } & ({ readonly status: number; readonly type: string } | object);
  /** How a call fails that has no permission. */
  readonly denied: { readonly status: number; readonly type: string };
  /** The resource, as the stage's status names it. */
  readonly resource: string;
  /** What of it is in each of its calls. */
  readonly text: string;
  /** More than it takes, and what the rejected event says. */
  readonly tooLarge?: { readonly bytes: number; readonly reason: string };
}

const DENIED = { status: 400, type: 'AccessDeniedException' };

/**
 * The function that `enrich` is: it takes events; those of `refused` never, of `later` not while there is a file `closed`, and `thrower`
 * makes it throw as long.
 */
export const FUNCTION = `import { existsSync } from 'node:fs';
const closed = () => existsSync(new URL('closed', import.meta.url));
export const handler = async ({ events }) => {
  const [{ userId }] = events;
  if (userId === 'thrower' && closed()) throw new TypeError('x is undefined');
  if (userId === 'refused') return { results: events.map(() => ({ outcome: 'rejected', reason: 'no such plan' })) };
  if (userId === 'later' && closed()) return { results: events.map(() => ({ outcome: 'retry', after: 1, reason: 'closed' })) };
  return undefined;
};`;

const SQS_SEND = 'AmazonSQS.SendMessageBatch';

export const ENRICH: Kind = {
  id: 'enrich',
  config: {
    type: 'lambda',
    function: 'arn:aws:lambda:us-east-1:000000000000:function:enrich:live',
    batch: 5,
    maxConcurrency: 2,
  },
  ordered: true,
  place: { file: 'functions/enrich.ndjson' },
  target: '/2015-03-31/functions/arn',
  fails: { status: 429, type: 'TooManyRequestsException', word: 'TooManyRequestsException' },
  denied: { status: 403, type: 'AccessDeniedException' },
  resource: 'function:enrich:live',
  text: '',
};

export const CLICKS: Kind = {
  id: 'clicks',
  config: { type: 'kinesis', stream: 'clicks', maxConcurrency: 2 },
  ordered: true,
  place: { file: 'kinesis/clicks.ndjson' },
  target: 'Kinesis_20131202.PutRecord',
  fails: {
    status: 400,
    type: 'ProvisionedThroughputExceededException',
    word: 'ProvisionedThroughputExceeded',
  },
  denied: DENIED,
  resource: 'stream/clicks',
  text: 'stream/clicks',
  tooLarge: { bytes: 1_048_576, reason: '1048576 are allowed' },
};

export const COMPANY: Kind = {
  id: 'company',
  config: { type: 'eventbridge', bus: 'company', maxConcurrency: 2 },
  ordered: false,
  place: { file: 'eventbridge/company.ndjson' },
  target: 'AWSEvents.PutEvents',
  fails: { status: 400, type: 'ThrottlingException', word: 'ThrottlingException' },
  denied: DENIED,
  resource: 'event-bus/company',
  text: 'event-bus/company',
  tooLarge: { bytes: 262_144, reason: 'over the limit of 262144' },
};

export const KINDS: readonly Kind[] = [
  {
    id: 'orders',
    config: { type: 'sqs', queue: 'orders.fifo', maxConcurrency: 2 },
    ordered: true,
    place: { queue: 'orders.fifo' },
    target: SQS_SEND,
    // The others of the same calls are through: the entry that fails stops its own user.
    fails: { word: 'InternalError' },
    denied: { status: 400, type: 'com.amazonaws.sqs#AccessDenied' },
    resource: 'orders.fifo',
    text: '/orders.fifo',
    tooLarge: { bytes: 1_100_000, reason: 'SQS takes 1048576' },
  },
  {
    id: 'audit',
    config: { type: 'sqs', queue: 'arn:aws:sqs:us-east-1:000000000000:audit', maxConcurrency: 2 },
    ordered: false,
    place: { queue: 'audit' },
    target: SQS_SEND,
    fails: { status: 400, type: 'com.amazonaws.sqs#RequestThrottled', word: 'RequestThrottled' },
    denied: { status: 400, type: 'com.amazonaws.sqs#AccessDenied' },
    resource: '000000000000/audit',
    text: '000000000000/audit',
    tooLarge: { bytes: 1_100_000, reason: 'SQS takes 1048576' },
  },
  {
    id: 'shop',
    config: { type: 'sns', topic: 'shop.fifo', maxConcurrency: 2 },
    ordered: true,
    place: { file: 'topics/shop.fifo.ndjson' },
    target: 'SNS',
    fails: { word: 'InternalError' },
    denied: { status: 403, type: 'AuthorizationError' },
    resource: 'shop.fifo',
    text: 'shop.fifo',
    tooLarge: { bytes: 262_144, reason: 'SNS takes 262144' },
  },
  {
    id: 'news',
    config: { type: 'sns', topic: 'arn:aws:sns:us-east-1:000000000000:news', maxConcurrency: 2 },
    ordered: false,
    place: { file: 'topics/news.ndjson' },
    target: 'SNS',
    fails: { status: 429, type: 'Throttled', word: 'Throttled' },
    denied: { status: 403, type: 'AuthorizationError' },
    resource: ':news',
    text: 'TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A000000000000%3Anews',
    tooLarge: { bytes: 262_144, reason: 'SNS takes 262144' },
  },
  CLICKS,
  ENRICH,
  COMPANY,
  {
    id: 'lake',
    config: { type: 'firehose', deliveryStream: 'lake', maxConcurrency: 2 },
    ordered: false,
    place: { file: 'firehose/lake.ndjson' },
    target: 'Firehose_20150804.PutRecordBatch',
    fails: { word: 'ServiceUnavailableException' },
    denied: DENIED,
    resource: 'deliverystream/lake',
    text: '"DeliveryStreamName":"lake"',
    tooLarge: { bytes: 1_024_000, reason: 'Firehose takes 1024000' },
  },
  {
    id: 'archive',
    config: { type: 's3', bucket: 'archive', prefix: 'events/', maxConcurrency: 2 },
    ordered: true,
    place: { file: 's3/archive.ndjson' },
    target: '/archive/events/',
    fails: { status: 503, type: 'SlowDown', word: 'SlowDown' },
    denied: { status: 403, type: 'AccessDenied' },
    resource: 'archive/events/',
    text: '/archive/events/',
  },
];
