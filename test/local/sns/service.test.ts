/** What is published, by the SDK's own client, on its way to stand-ins for pagers, functions, mail and dead-letter queues. */
import { describe, expect, it } from '@jest/globals';
import { NotFoundException } from '@aws-sdk/client-sns';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARN, bench, nothingPending, pending, publish, subscription, topic, useBench } from './test-bench.ts';

useBench();

describe('a URL', () => {
  it('gets an envelope as SNS makes it', async () => {
    await bench.sns.deploy([topic], [subscription({})]);
    const { MessageId } = await publish({
      Subject: 'ALARM: "a & b"',
      Message: 'ümlaut <&> 100% + more',
      MessageAttributes: { level: { DataType: 'String', StringValue: 'high' } },
    });
    await nothingPending();
    expect(bench.received).toHaveLength(1);
    expect(bench.received[0]?.headers).toMatchObject({
      'content-type': 'text/plain; charset=UTF-8',
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-message-id': MessageId,
      'x-amz-sns-topic-arn': ARN,
      'x-amz-sns-subscription-arn': `${ARN}:one`,
    });
    expect(JSON.parse(bench.received[0]?.body ?? '')).toEqual({
      Type: 'Notification',
      MessageId,
      TopicArn: ARN,
      Subject: 'ALARM: "a & b"',
      Message: 'ümlaut <&> 100% + more',
      Timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      SignatureVersion: '1',
      Signature: expect.any(String),
      SigningCertURL: expect.stringMatching(/^https:\/\/sns\.us-east-1\.amazonaws\.com\/.*\.pem$/),
      UnsubscribeURL: expect.stringContaining(`SubscriptionArn=${ARN}:one`),
      MessageAttributes: { level: { Type: 'String', Value: 'high' } },
    });
    expect(bench.outcomes).toEqual([['alarms', true]]);
  });

  it.each([500, 503, 429, 0])('that answers %s is tried again', async (status) => {
    await bench.sns.deploy([topic], [subscription({})]);
    bench.answers = [status, status];
    await publish();
    await nothingPending();
    expect([bench.received.length, bench.deadLetters, bench.outcomes]).toEqual([3, [], [['alarms', true]]]);
  });

  it.each([400, 403, 404, 302])(
    'that answers %s has refused: its dead-letter queue gets the message',
    async (status) => {
      await bench.sns.deploy([topic], [subscription({})]);
      bench.answers = [status];
      const { MessageId } = await publish();
      await nothingPending();
      expect(bench.received).toHaveLength(1);
      const [[queue, entry] = []] = bench.deadLetters;
      expect(queue).toBe('undelivered');
      expect(JSON.parse(entry?.body ?? '')).toMatchObject({ MessageId, Message: 'It is on fire.' });
      expect(entry?.attributes).toMatchObject({
        ErrorCode: { dataType: 'String', stringValue: String(status) },
      });
      expect(bench.outcomes).toEqual([['alarms', false]]);
      expect(bench.trouble).toEqual([
        expect.stringContaining(`the endpoint answered ${status}); it is in undelivered`),
      ]);
    },
  );

  it('that keeps failing is given up after the retries of its policy', async () => {
    await bench.sns.deploy([topic], [subscription({ retries: 2, deadLetterQueue: undefined })]);
    bench.answers = [500, 500, 500];
    await publish();
    await nothingPending();
    expect([bench.received.length, bench.deadLetters]).toEqual([3, []]);
    expect(bench.trouble).toEqual([expect.stringContaining('it is dropped')]);
  });
});

describe('other subscribers', () => {
  it('a function gets an event of SNS', async () => {
    await bench.sns.deploy([topic], [subscription({ protocol: 'lambda', endpoint: 'control' })]);
    const { MessageId } = await publish();
    await nothingPending();
    expect(bench.invoked).toEqual([
      [
        'control',
        {
          Records: [
            {
              EventVersion: '1.0',
              EventSubscriptionArn: `${ARN}:one`,
              EventSource: 'aws:sns',
              Sns: expect.objectContaining({
                Type: 'Notification',
                MessageId,
                TopicArn: ARN,
                Subject: null,
                Message: 'It is on fire.',
                SigningCertUrl: expect.any(String),
                UnsubscribeUrl: expect.any(String),
                MessageAttributes: {},
              }),
            },
          ],
        },
      ],
    ]);
  });

  it('a mail is written to a file, and reported', async () => {
    await bench.sns.deploy([topic], [subscription({ protocol: 'email', endpoint: 'ops@example.com' })]);
    await publish({ Subject: 'ALARM' });
    await nothingPending();
    const [name = ''] = readdirSync(join(bench.dataDir, 'mail'));
    const text = readFileSync(join(bench.dataDir, 'mail', name), 'utf8');
    expect(text).toMatch(/^To: ops@example\.com\nDate: .*\nSubject: ALARM\n\nIt is on fire\.\n$/);
    expect(bench.trouble).toEqual([`mail to ops@example.com: ALARM (${join(bench.dataDir, 'mail', name)})`]);
  });

  it('each topic has its own', async () => {
    const other = { name: 'other', arn: `${ARN}-other` };
    await bench.sns.deploy(
      [topic, other],
      [
        subscription({ arn: 'a', protocol: 'lambda', endpoint: 'a' }),
        subscription({ arn: 'b', protocol: 'lambda', endpoint: 'b' }),
        subscription({ arn: 'c', protocol: 'lambda', endpoint: 'c', topicArn: other.arn }),
      ],
    );
    await publish();
    await nothingPending();
    expect(bench.invoked.map(([name]) => name).sort()).toEqual(['a', 'b']);
  });

  it('a topic without any still accepts messages', async () => {
    await bench.sns.deploy([topic], []);
    expect((await publish()).MessageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(pending()).toEqual([]);
  });
});

describe('a publication that is refused', () => {
  it('names a topic that the template has not', async () => {
    await expect(publish({ TopicArn: `${ARN}-other` })).rejects.toThrow(NotFoundException);
  });

  it.each([
    ['is empty', { Message: '' }],
    ['is too long', { Message: 'x'.repeat(262_145) }],
    ['has a subject that is too long', { Subject: 'x'.repeat(101) }],
  ])('%s', async (_, input) => {
    await bench.sns.deploy([topic], []);
    await expect(publish(input)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});
