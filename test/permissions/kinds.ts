/** Destinations that are resources of AWS: one of each kind, the calls that its function makes of it, and what its role allows. */
import { archiveSender } from '../../lambdas/deliver/destinations/archive/sender.ts';
import { eventBridgeSender } from '../../lambdas/deliver/destinations/eventbridge/sender.ts';
import { firehoseSender } from '../../lambdas/deliver/destinations/firehose/sender.ts';
import { s3Sender } from '../../lambdas/deliver/destinations/s3/sender.ts';
import { kinesisSender } from '../../lambdas/deliver/destinations/kinesis/sender.ts';
import { lambdaSender } from '../../lambdas/deliver/destinations/lambda/sender.ts';
import { snsSender } from '../../lambdas/deliver/destinations/sns/sender.ts';
import { sqsSender } from '../../lambdas/deliver/destinations/sqs/sender.ts';
import type { Outgoing, Sender } from '../../lambdas/deliver/destinations/sender.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { arn } from '../../local/template/physical.ts';
import { logicalId, synthesize } from '../lib/synth.ts';
import type { Call } from '../support/iam/calls.ts';
import { readRoles } from '../support/iam/roles.ts';

export const kinds = synthesize({
  sources: [{ id: 'web', writeKey: 'web-key' }],
  destinations: [
    { id: 'orders', type: 'sqs', queue: 'orders.fifo' },
    { id: 'orders-topic', type: 'sns', topic: 'orders.fifo' },
    { id: 'enrich', type: 'lambda', function: 'enrich' },
    { id: 'company', type: 'eventbridge', bus: 'company' },
    { id: 'lake', type: 'firehose', deliveryStream: 'lake' },
    { id: 'files', type: 's3', bucket: 'archive', prefix: 'events/' },
    { id: 'clicks', type: 'kinesis', stream: 'clicks' },
    { id: 'audit', type: 'sqs', queue: 'arn:aws:sqs:eu-west-1:111111111111:audit' },
  ],
  archive: {},
});

const enrich = async (): Promise<readonly Call[]> => {
  const calls: Call[] = [];
  const sender = lambdaSender({
    destination: 'enrich',
    batch: 1,
    room: 1,
    invoke: () => {
      // As `lambda/index.ts` invokes it.
      calls.push({
        service: 'lambda',
        operation: 'Invoke',
        input: { FunctionName: arn('lambda', 'function:enrich') },
      });
      return Promise.resolve({ failed: false, payload: 'null' });
    },
  });
  await sender.send([EVENT], () => 60_000);
  return calls;
};

const roles = readRoles(await readAssembly(kinds.app.outdir));
export const kindRoles = roles;

const EVENT: Outgoing = {
  sourceId: 'web',
  key: 'ada',
  place: '1:0:0',
  content: { messageId: 'e1' },
  origin: { receivedAt: '2026-01-01T00:00:00.000Z', sequence: '1', index: 0 },
};

const recorded = async (
  service: string,
  makes: (call: (operation: string, input: object) => Promise<unknown>) => Sender,
): Promise<readonly Call[]> => {
  const calls: Call[] = [];
  const sender = makes((operation, input) => {
    calls.push({ service, operation, input: input as Record<string, unknown> });
    return Promise.resolve({});
  });
  await sender.send([EVENT], () => 60_000);
  return calls;
};

export interface KindRow {
  readonly id: string;
  readonly type: string;
  /** The resource, as the docs name it. */
  readonly what: string;
  readonly resource: string;
  /** One that it must not touch. */
  readonly other: string;
  readonly calls: () => Promise<readonly Call[]>;
}

const sqs = (fifo: boolean, queueUrl: string) => () =>
  recorded('sqs', (call) => sqsSender({ call, queueUrl, fifo, room: 1 }));

export const KIND_ROWS: readonly KindRow[] = [
  {
    id: 'orders',
    type: 'sqs',
    what: 'the queue `orders.fifo`, by name',
    resource: arn('sqs', 'orders.fifo'),
    other: arn('sqs', 'other.fifo'),
    calls: sqs(true, 'http://127.0.0.1:1/000000000000/orders.fifo'),
  },
  {
    id: 'audit',
    type: 'sqs',
    what: "another account's queue, by ARN",
    resource: 'arn:aws:sqs:eu-west-1:111111111111:audit',
    other: arn('sqs', 'audit'),
    calls: () => Promise.resolve([]),
  },
  {
    id: 'orders-topic',
    type: 'sns',
    what: 'the topic `orders.fifo`, by name',
    resource: arn('sns', 'orders.fifo'),
    other: arn('sns', 'other.fifo'),
    calls: () => {
      const topicArn = arn('sns', 'orders.fifo');
      return recorded('sns', (call) =>
        snsSender({
          topicArn,
          fifo: true,
          room: 1,
          publish: (input) => call('PublishBatch', input) as Promise<object>,
        }),
      );
    },
  },
  {
    id: 'enrich',
    type: 'lambda',
    what: 'the function `enrich`, by name',
    resource: arn('lambda', 'function:enrich'),
    other: arn('lambda', 'function:other'),
    calls: enrich,
  },
  {
    id: 'company',
    type: 'eventbridge',
    what: 'the bus `company`, by name',
    resource: arn('events', 'event-bus/company'),
    other: arn('events', 'event-bus/default'),
    calls: () => {
      const busArn = arn('events', 'event-bus/company');
      return recorded('events', (call) => eventBridgeSender({ call, busArn, source: 'sluice', room: 1 }));
    },
  },
  {
    id: 'lake',
    type: 'firehose',
    what: 'the delivery stream `lake`, by name',
    resource: arn('firehose', 'deliverystream/lake'),
    other: arn('firehose', 'deliverystream/other'),
    calls: () => {
      const streamArn = arn('firehose', 'deliverystream/lake');
      return recorded('firehose', (call) => firehoseSender({ call, streamArn, room: 1 }));
    },
  },
  {
    id: 'files',
    type: 's3',
    what: 'objects of the bucket `archive` under `events/`',
    resource: 'arn:aws:s3:::archive/events/dt=none/any.json.gz',
    other: 'arn:aws:s3:::archive/other/dt=none/any.json.gz',
    calls: () =>
      recorded('s3', (call) =>
        s3Sender({
          bucket: 'archive',
          prefix: 'events/',
          batch: 1,
          room: 1,
          // As `s3/index.ts` puts it.
          put: async ({ key }) => {
            await call('PutObject', { Bucket: 'archive', Key: key });
          },
        }),
      ),
  },
  {
    id: 'clicks',
    type: 'kinesis',
    what: 'the stream `clicks`, by name',
    resource: arn('kinesis', 'stream/clicks'),
    other: arn('kinesis', 'stream/other'),
    calls: () => {
      const streamArn = arn('kinesis', 'stream/clicks');
      return recorded('kinesis', (call) => kinesisSender({ call, streamArn, room: 1 }));
    },
  },
  {
    id: 'archive',
    type: 'archive',
    what: "the stream of the pipeline's archive",
    resource: arn('firehose', `deliverystream/${logicalId(kinds, 'Archive/Stream')}`),
    other: arn('firehose', 'deliverystream/other'),
    calls: () => {
      const streamName = logicalId(kinds, 'Archive/Stream');
      return recorded('firehose', (call) => archiveSender({ call, streamName, clock: () => 1, room: 1 }));
    },
  },
];

/** What control reads of the archive in a replay, as `archive-files.ts` asks for it. @param bucket its name @param prefix of its objects */
export const archiveReads = (
  bucket = logicalId(kinds, 'Archive/Bucket').toLowerCase(),
  prefix = 'events/',
): readonly Call[] => [
  {
    service: 's3',
    operation: 'ListObjectsV2',
    input: { Bucket: bucket, Prefix: `${prefix}date=2026-01-01/hour=00/` },
  },
  {
    service: 's3',
    operation: 'GetObject',
    input: { Bucket: bucket, Key: `${prefix}date=2026-01-01/hour=00/a.gz` },
  },
];

/** Of the function that reads it. */
export const statementsOfControl = () => {
  const found = roles.functions.get(logicalId(kinds, 'Control/Function/Handler'));
  if (found === undefined) throw new Error('the template has no control');
  return found;
};

export const statementsOfKind = (id: string) => {
  const name = logicalId(kinds, `Destination-${id}/Function/Handler`);
  const found = roles.functions.get(name);
  if (found === undefined) throw new Error(`the template has no function of ${id}`);
  return found;
};
