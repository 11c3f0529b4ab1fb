import { EventEmitter, once } from 'node:events';
import { afterAll, expect, test } from '@jest/globals';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SqsError } from '../../../local/sqs/errors.ts';
import { startSqsServer } from '../../../local/sqs/api.ts';
import { SqsService } from '../../../local/sqs/service.ts';
import { AUTHORIZATION, CREDENTIALS } from '../../support/credentials.ts';
import { memoryStore } from '../../../local/sqs/store.ts';

const service = new SqsService({ store: memoryStore() });
let fault: ((action: string, input: unknown) => void | Promise<void>) | undefined;
const server = await startSqsServer({
  service,
  credentials: CREDENTIALS,
  beforeCall: (action, input) => fault?.(action, input),
});
const client = new SQSClient({
  endpoint: server.url,
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: CREDENTIALS,
});
await service.createQueue('q');

afterAll(async () => {
  client.destroy();
  await server.close();
  service.close();
});

const post = async (target: string | undefined, body: string) => {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, ...(target !== undefined && { 'x-amz-target': target }) },
    body,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
};

test('listens on the loopback interface alone', () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('only the last part of a queue URL matters', async () => {
  const QueueUrl = 'https://sqs.eu-central-1.amazonaws.com/123456789012/q';
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'a' }));
  const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: `${server.url}/1/q` }));
  expect(Messages?.[0]?.Body).toBe('a');
});

test('a fault can be put in front of each action', async () => {
  const seen: unknown[] = [];
  fault = (action, input) => {
    seen.push(action, input);
    throw new SqsError('ServiceUnavailable', 'out of order');
  };
  const send = client.send(new SendMessageCommand({ QueueUrl: 'http://x/0/q', MessageBody: 'a' }));
  await expect(send).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 }, message: 'out of order' });
  expect(seen).toEqual(['SendMessage', { QueueUrl: 'http://x/0/q', MessageBody: 'a' }]);
  fault = () => Promise.reject(new Error('a bug'));
  expect(await post('AmazonSQS.ListQueues', '{}')).toMatchObject({
    status: 500,
    body: { __type: 'com.amazonaws.sqs#InternalFailure', message: 'a bug' },
  });
  fault = undefined;
  expect(await post('AmazonSQS.ListQueues', '{}')).toMatchObject({ status: 200 });
});

test.each([
  [undefined, '{}', /X-Amz-Target/],
  ['AmazonSQS.AddPermission', '{}', /does not know the action "AddPermission"/],
  ['AmazonSQS.SendMessage', '{', /body is not JSON/],
  ['AmazonSQS.SendMessage', '[]', /must contain the parameter QueueUrl|request body/],
  ['AmazonSQS.SendMessage', '{"MessageBody":"a"}', /must contain the parameter QueueUrl/],
  ['AmazonSQS.SendMessage', '{"QueueUrl":"q","MessageBody":1}', /MessageBody: .*string/],
  [
    'AmazonSQS.SendMessageBatch',
    '{"QueueUrl":"q","Entries":[{"Id":"a"}]}',
    /parameter Entries\.0\.MessageBody/,
  ],
  ['AmazonSQS.SendMessage', `{"a":"${'x'.repeat(9 * 1024 * 1024)}"}`, /longer than 8388608 bytes/],
])('%s with a bad body says what is wrong', async (target, body, message) => {
  const response = await post(target, body);
  expect(response.status).toBe(400);
  expect(response.headers.get('x-amzn-query-error')).toMatch(/^[\w.]+;Sender$/);
  expect(response.body).toMatchObject({
    __type: expect.stringMatching(/^com\.amazonaws\.sqs#\w+$/),
    message: expect.stringMatching(message),
  });
});

test('close hangs up on those who wait', async () => {
  const arrival = new EventEmitter();
  const other = await startSqsServer({
    service,
    credentials: CREDENTIALS,
    beforeCall: () => void arrival.emit('call'),
  });
  const arrived = once(arrival, 'call');
  const receive = fetch(other.url, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, 'x-amz-target': 'AmazonSQS.ReceiveMessage' },
    body: JSON.stringify({ QueueUrl: 'q', WaitTimeSeconds: 20 }),
  });
  const outcome = receive.then(
    () => 'answered',
    () => 'hung up',
  );
  await arrived;
  await other.close();
  expect(await outcome).toBe('hung up');
});
