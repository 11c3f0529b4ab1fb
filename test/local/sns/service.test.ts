/** What is published, by the SDK's own client, on its way to stand-ins for pagers, functions, mail and dead-letter queues. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NotFoundException, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen, readBody, type Listening } from '../../../local/common/http.ts';
import { SnsService } from '../../../local/sns/service.ts';
import type { SendEntry } from '../../../local/sqs/types.ts';
import type { SubscriptionSpec } from '../../../local/sns/template.ts';
import { until } from '../../support/until.ts';
import { clientOptions, startTestApi } from '../run/test-api.ts';

const ARN = 'arn:aws:sns:us-east-1:000000000000:alarms';
const topic = { name: 'alarms', arn: ARN };
const subscription = (changes: Partial<SubscriptionSpec>): SubscriptionSpec => ({
  arn: `${ARN}:one`,
  topicArn: ARN,
  protocol: 'https',
  endpoint: `${pager.url}/enqueue`,
  retries: 3,
  maxDelayMs: 20_000,
  deadLetterQueue: 'undelivered',
  ...changes,
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let pager: Listening;
let received: Received[];
/** What the pager answers, one after another; then 200. 0: it hangs up. `undefined`: it does not answer. */
let answers: (number | undefined)[];

let dataDir: string;
let api: Listening;
let client: SNSClient;
let sns: SnsService;
let invoked: [string, unknown][];
let deadLetters: [string, SendEntry][];
let outcomes: [string, boolean][];
let trouble: string[];
let invoking: Promise<void>;

const newService = (): SnsService =>
  new SnsService({
    dataDir,
    invoke: (name, event) => {
      invoked.push([name, event]);
      return invoking;
    },
    send: (queue, entry) => {
      deadLetters.push([queue, entry]);
      return Promise.resolve();
    },
    onOutcome: (...outcome) => outcomes.push(outcome),
    onTrouble: (line) => trouble.push(line),
    firstDelayMs: 1,
  });

beforeAll(async () => {
  const server = createServer((request, response) => {
    void readBody(request, 1_000_000).then((body) => {
      received.push({ headers: request.headers, body: body.toString() });
      const status = answers.length > 0 ? answers.shift() : 200;
      if (status === 0) request.socket.destroy();
      else if (status !== undefined) response.writeHead(status).end('ok');
    });
  });
  pager = await listen(server, { host: '127.0.0.1', port: 0 });
  api = await startTestApi({ publish: (publication) => sns.publish(publication) });
  client = new SNSClient(clientOptions(api));
});
afterAll(async () => {
  client.destroy();
  await api.close();
  await pager.close();
});

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sluice-sns-'));
  received = [];
  answers = [];
  invoked = [];
  deadLetters = [];
  outcomes = [];
  trouble = [];
  invoking = Promise.resolve();
  sns = newService();
});
afterEach(async () => {
  await sns.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const publish = (input: Partial<PublishCommand['input']> = {}) =>
  client.send(new PublishCommand({ TopicArn: ARN, Message: 'It is on fire.', ...input }));
const pending = (): readonly string[] => readdirSync(join(dataDir, 'sns'));
const nothingPending = () => until('nothing to be left', () => pending().length === 0);

describe('a URL', () => {
  it('gets an envelope as SNS makes it', async () => {
    await sns.deploy([topic], [subscription({})]);
    const { MessageId } = await publish({
      Subject: 'ALARM: "a & b"',
      Message: 'ümlaut <&> 100% + more',
      MessageAttributes: { level: { DataType: 'String', StringValue: 'high' } },
    });
    await nothingPending();
    expect(received).toHaveLength(1);
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'text/plain; charset=UTF-8',
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-message-id': MessageId,
      'x-amz-sns-topic-arn': ARN,
      'x-amz-sns-subscription-arn': `${ARN}:one`,
    });
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
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
    expect(outcomes).toEqual([['alarms', true]]);
  });

  it.each([500, 503, 429, 0])('that answers %s is tried again', async (status) => {
    await sns.deploy([topic], [subscription({})]);
    answers = [status, status];
    await publish();
    await nothingPending();
    expect([received.length, deadLetters, outcomes]).toEqual([3, [], [['alarms', true]]]);
  });

  it.each([400, 403, 404, 302])(
    'that answers %s has refused: its dead-letter queue gets the message',
    async (status) => {
      await sns.deploy([topic], [subscription({})]);
      answers = [status];
      const { MessageId } = await publish();
      await nothingPending();
      expect(received).toHaveLength(1);
      const [[queue, entry] = []] = deadLetters;
      expect(queue).toBe('undelivered');
      expect(JSON.parse(entry?.body ?? '')).toMatchObject({ MessageId, Message: 'It is on fire.' });
      expect(entry?.attributes).toMatchObject({
        ErrorCode: { dataType: 'String', stringValue: String(status) },
      });
      expect(outcomes).toEqual([['alarms', false]]);
      expect(trouble).toEqual([
        expect.stringContaining(`the endpoint answered ${status}); it is in undelivered`),
      ]);
    },
  );

  it('that keeps failing is given up after the retries of its policy', async () => {
    await sns.deploy([topic], [subscription({ retries: 2, deadLetterQueue: undefined })]);
    answers = [500, 500, 500];
    await publish();
    await nothingPending();
    expect([received.length, deadLetters]).toEqual([3, []]);
    expect(trouble).toEqual([expect.stringContaining('it is dropped')]);
  });
});

describe('other subscribers', () => {
  it('a function gets an event of SNS', async () => {
    await sns.deploy([topic], [subscription({ protocol: 'lambda', endpoint: 'control' })]);
    const { MessageId } = await publish();
    await nothingPending();
    expect(invoked).toEqual([
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

  it('a mail is a file, and is told', async () => {
    await sns.deploy([topic], [subscription({ protocol: 'email', endpoint: 'ops@example.com' })]);
    await publish({ Subject: 'ALARM' });
    await nothingPending();
    const [name = ''] = readdirSync(join(dataDir, 'mail'));
    const text = readFileSync(join(dataDir, 'mail', name), 'utf8');
    expect(text).toMatch(/^To: ops@example\.com\nDate: .*\nSubject: ALARM\n\nIt is on fire\.\n$/);
    expect(trouble).toEqual([`mail to ops@example.com: ALARM (${join(dataDir, 'mail', name)})`]);
  });

  it('each topic has its own', async () => {
    const other = { name: 'other', arn: `${ARN}-other` };
    await sns.deploy(
      [topic, other],
      [
        subscription({ arn: 'a', protocol: 'lambda', endpoint: 'a' }),
        subscription({ arn: 'b', protocol: 'lambda', endpoint: 'b' }),
        subscription({ arn: 'c', protocol: 'lambda', endpoint: 'c', topicArn: other.arn }),
      ],
    );
    await publish();
    await nothingPending();
    expect(invoked.map(([name]) => name).sort()).toEqual(['a', 'b']);
  });

  it('a topic without any takes its messages all the same', async () => {
    await sns.deploy([topic], []);
    expect((await publish()).MessageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(pending()).toEqual([]);
  });
});

describe('after a kill', () => {
  it('what was accepted is delivered, to those who have not got it', async () => {
    const slow = subscription({ arn: 'slow', protocol: 'lambda', endpoint: 'slow' });
    const quick = subscription({ arn: 'quick' });
    let release = (): void => undefined;
    invoking = new Promise((resolve) => (release = resolve));
    await sns.deploy([topic], [slow, quick]);
    await publish();
    await until('the quick one', () => received.length === 1);
    const before = (): { pending: string[] } =>
      JSON.parse(readFileSync(join(dataDir, 'sns', pending()[0] ?? ''), 'utf8')) as { pending: string[] };
    await until('its note', () => before().pending.length === 1);
    // The first service is left hanging, as a killed process would leave its files; a part of a write is there, too.
    const killed = sns;
    writeFileSync(join(dataDir, 'sns', 'half.json.123'), '{');
    invoking = Promise.resolve();
    sns = newService();
    await sns.deploy([topic], [slow, quick]);
    await nothingPending();
    expect(invoked.map(([name]) => name)).toEqual(['slow', 'slow']);
    expect(received).toHaveLength(1);
    release();
    await killed.close();
  });

  it('what was published before the first deployment waits for it', async () => {
    await sns.deploy([topic], [subscription({})]);
    answers = [undefined];
    await publish();
    await until('the request that hangs', () => received.length === 1);
    await sns.close();
    expect(pending()).toHaveLength(1);
    expect([deadLetters, trouble]).toEqual([[], []]);
    sns = newService();
    expect(received).toHaveLength(1);
    await sns.deploy([topic], [subscription({})]);
    await nothingPending();
    expect(received).toHaveLength(2);
  });

  it('the same publication is not taken twice while it is pending', async () => {
    answers = [undefined];
    await sns.deploy([topic], [subscription({})]);
    const publication = { id: 'the-same', topicArn: ARN, message: 'x' };
    await sns.publish(publication);
    await until('the request that hangs', () => received.length === 1);
    await sns.publish(publication);
    await sns.close();
    expect([received.length, pending()]).toEqual([1, ['the-same.json']]);
  });

  it('what nobody subscribes to any more is dropped, and told', async () => {
    answers = [undefined];
    await sns.deploy([topic], [subscription({})]);
    await publish();
    await until('the request that hangs', () => received.length === 1);
    await sns.close();
    sns = newService();
    await sns.deploy([topic], []);
    await nothingPending();
    expect(trouble).toEqual([expect.stringContaining('is no longer subscribed')]);
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
    await sns.deploy([topic], []);
    await expect(publish(input)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});
