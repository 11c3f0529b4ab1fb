/** Destinations that are resources of AWS: which keys are valid, and what a mistake is answered with. */
import { describe, expect, it } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const withDestination = (one: unknown) => ({ ...minimal, destinations: [one] });
const mistakesOf = (one: unknown): readonly string[] =>
  mistakes(withDestination(one)).map((line) => line.replace('sluice.config.ts: ', ''));
const TOKEN = '${Token[TOKEN.123]}';

it.each([
  [{ id: 'crm' }, 'destinations[0].type: is missing; use "webhook"'],
  ['crm', 'destinations[0]: expected an object'],
])('what has no type: %j', (one, line) => {
  const [found, ...others] = mistakesOf(one);
  expect(found).toMatch(line);
  expect(others).toEqual([]);
});

describe('kinesis', () => {
  const kinesis = { id: 'clicks', type: 'kinesis', stream: 'clicks' };

  it.each(['clicks', 'arn:aws:kinesis:eu-west-1:111111111111:stream/clicks', TOKEN])(
    'may be named %s',
    (stream) => {
      expect(validateConfig(withDestination({ ...kinesis, stream })).destinations[0]).toEqual({
        ...kinesis,
        stream,
        maxConcurrency: 10,
        enabled: true,
      });
    },
  );

  it.each([
    [
      'stream',
      'arn:aws:kinesis:eu-west-1:111111111111:stream/*',
      'is not a stream; use its name, or its ARN: arn:aws:kinesis:',
    ],
    ['stream', 7, 'expected the name or the ARN of a stream, a string'],
    ['encryptionKey', 'k', 'is not the ARN of a key'],
    ['queue', 'q', 'unknown key'],
  ])('%s: %s', (key, value, line) => {
    const found = mistakesOf({ ...kinesis, [key]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`destinations[0].${key}: `);
    expect(found[0]).toContain(line);
  });
});

describe('lambda', () => {
  const lambda = { id: 'enrich', type: 'lambda', function: 'enrich' };
  const ARN = 'arn:aws:lambda:eu-west-1:111111111111:function:enrich';

  it.each(['enrich', ARN, `${ARN}:live`, TOKEN])('may be named %s', (name) => {
    expect(validateConfig(withDestination({ ...lambda, function: name })).destinations[0]).toEqual({
      ...lambda,
      function: name,
      batch: 1,
      maxConcurrency: 10,
      enabled: true,
    });
  });

  it.each([
    ['function', `${ARN}:*`, 'is not a function; use its name, or its ARN: arn:aws:lambda:'],
    ['function', 'enrich:live', 'is not a function'],
    ['batch', 0, 'is too small; use 1 to 1000'],
  ])('%s: %s', (key, value, line) => {
    const found = mistakesOf({ ...lambda, [key]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`destinations[0].${key}: `);
    expect(found[0]).toContain(line);
  });
});

describe('eventbridge', () => {
  const bus = { id: 'company', type: 'eventbridge', bus: 'company' };

  it.each(['company', 'arn:aws:events:eu-west-1:111111111111:event-bus/company', TOKEN])(
    'may be named %s',
    (name) => {
      expect(validateConfig(withDestination({ ...bus, bus: name })).destinations[0]).toEqual({
        ...bus,
        bus: name,
        source: 'sluice',
        maxConcurrency: 10,
        enabled: true,
      });
    },
  );

  it.each([
    [
      'bus',
      'arn:aws:events:eu-west-1:111111111111:rule/company',
      'is not a bus; use its name, or its ARN: arn:aws:events:',
    ],
    ['source', 'aws.s3', 'is not a source; use letters, digits and ._/-, not aws. at its beginning'],
  ])('%s: %s', (key, value, line) => {
    const found = mistakesOf({ ...bus, [key]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`destinations[0].${key}: `);
    expect(found[0]).toContain(line);
  });
});

describe('sqs', () => {
  const sqs = { id: 'orders', type: 'sqs', queue: 'orders.fifo' };

  it.each([
    'orders',
    'orders.fifo',
    'arn:aws:sqs:eu-west-1:111111111111:orders.fifo',
    'arn:aws-cn:sqs:cn-north-1:111111111111:o',
  ])('may be named %s', (queue) => {
    expect(validateConfig(withDestination({ ...sqs, queue })).destinations[0]).toEqual({
      ...sqs,
      queue,
      maxConcurrency: 10,
      enabled: true,
    });
  });

  it.each([
    [
      'queue',
      'https://sqs.eu-west-1.amazonaws.com/1/orders',
      'is not a queue; use its name, or its ARN: arn:aws:sqs:<region>:<account>:<name>',
    ],
    ['queue', 'orders.fifo.fifo', 'is not a queue'],
    ['queue', 'arn:aws:sqs:eu-west-1:111111111111:*', 'is not a queue'],
    ['encryptionKey', 'alias/mine', 'is not the ARN of a key; use arn:aws:kms:<region>:<account>:key/<id>'],
    ['url', 'https://example.com', 'unknown key; check its spelling, or remove it'],
    ['batch', 5, 'unknown key'],
    ['fifo', false, "is false, and the queue's name ends in .fifo; remove it"],
  ])('%s: %s', (key, value, line) => {
    const found = mistakesOf({ ...sqs, [key]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`destinations[0].${key}: `);
    expect(found[0]).toContain(line);
  });

  it('must be named', () => {
    expect(mistakesOf({ id: 'orders', type: 'sqs' })).toEqual(['destinations[0].queue: is missing']);
  });

  it('of the app must say whether it is FIFO', () => {
    expect(mistakesOf({ ...sqs, queue: TOKEN })).toEqual([
      'destinations[0].fifo: is missing; the name of a queue of the app is not known yet: use Destination.queue(queue)',
    ]);
    expect(validateConfig(withDestination({ ...sqs, queue: TOKEN, fifo: true })).destinations).toHaveLength(
      1,
    );
  });
});

describe('sns', () => {
  const sns = { id: 'orders', type: 'sns', topic: 'orders.fifo' };

  it.each([
    'orders',
    'orders.fifo',
    'arn:aws:sns:eu-west-1:111111111111:orders.fifo',
    'arn:aws-cn:sns:cn-north-1:111111111111:o',
  ])('may be named %s', (topic) => {
    expect(validateConfig(withDestination({ ...sns, topic })).destinations[0]).toEqual({
      ...sns,
      topic,
      maxConcurrency: 10,
      enabled: true,
    });
  });

  it.each([
    [
      'topic',
      'arn:aws:sns:eu-west-1:111111111111:orders:subscription',
      'is not a topic; use its name, or its ARN: arn:aws:sns:<region>:<account>:<name>',
    ],
    ['topic', 'orders.fifo.fifo', 'is not a topic'],
    ['encryptionKey', 'alias/mine', 'is not the ARN of a key; use arn:aws:kms:<region>:<account>:key/<id>'],
    ['queue', 'orders', 'unknown key'],
    ['fifo', false, "is false, and the topic's name ends in .fifo; remove it"],
  ])('%s: %s', (key, value, line) => {
    const found = mistakesOf({ ...sns, [key]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`destinations[0].${key}: `);
    expect(found[0]).toContain(line);
  });

  it('of the app must say whether it is FIFO', () => {
    expect(mistakesOf({ ...sns, topic: TOKEN })).toEqual([
      'destinations[0].fifo: is missing; the name of a topic of the app is not known yet: use Destination.topic(topic)',
    ]);
  });
});

describe('firehose', () => {
  const firehose = { id: 'lake', type: 'firehose', deliveryStream: 'lake' };

  it.each(['lake', 'arn:aws:firehose:eu-west-1:111111111111:deliverystream/lake', TOKEN])(
    'may be named %s',
    (deliveryStream) => {
      expect(validateConfig(withDestination({ ...firehose, deliveryStream })).destinations[0]).toEqual({
        ...firehose,
        deliveryStream,
        maxConcurrency: 10,
        enabled: true,
      });
    },
  );

  it.each([
    [
      'deliveryStream',
      'arn:aws:kinesis:eu-west-1:111111111111:stream/lake',
      'is not a delivery stream; use its name, or its ARN: arn:aws:firehose:<region>:<account>:deliverystream/<name>',
    ],
    ['stream', 'lake', 'unknown key'],
  ])('%s: %s', (key, value, line) => {
    const found = mistakesOf({ ...firehose, [key]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`destinations[0].${key}: `);
    expect(found[0]).toContain(line);
  });
});

describe('s3', () => {
  const s3 = { id: 'archive', type: 's3', bucket: 'archive' };

  it.each(['archive', 'my.archive-2', 'arn:aws:s3:::archive', TOKEN])('may be named %s', (bucket) => {
    expect(validateConfig(withDestination({ ...s3, bucket, prefix: 'a/b=c/d..e-' })).destinations[0]).toEqual(
      { ...s3, bucket, prefix: 'a/b=c/d..e-', batch: 1000, maxConcurrency: 10, enabled: true },
    );
  });

  it.each([
    ['bucket', 's3://archive', 'is not a bucket; use its name, or its ARN: arn:aws:s3:::<name>'],
    ['bucket', 'arn:aws:s3:::archive/*', 'is not a bucket'],
    ['bucket', 'Archive', 'is not a bucket'],
    ['prefix', '/events', 'is not a prefix; use letters, digits and /_.=-'],
    ['prefix', 'a/../b', 'is not a prefix'],
    ['prefix', 'a b', 'is not a prefix'],
    ['batch', 0, 'is too small; use 1 to 1000'],
    ['encryptionKey', 'k', 'is not the ARN of a key'],
  ])('%s: %s', (key, value, line) => {
    const found = mistakesOf({ ...s3, [key]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`destinations[0].${key}: `);
    expect(found[0]).toContain(line);
  });
});
