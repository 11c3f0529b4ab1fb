/** Whether SQS takes messages: what it answers to a message that it can only refuse. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { directSqs } from '../../lambdas/aws/direct-sender.ts';
import { queueProbe } from '../../lambdas/aws/queue-probe.ts';
import { AccessFault, InfraFault } from '../../lambdas/core/base/faults.ts';
import { listen, readBody, type Listening } from '../../local/common/http.ts';

const before = { ...process.env };
let answer: { readonly status: number; readonly body: object };
let asked: { target: unknown; body: unknown }[] = [];
let server: Listening;

beforeAll(async () => {
  const http = createServer((request, response) => {
    void readBody(request, 1_000).then((body) => {
      asked.push({ target: request.headers['x-amz-target'], body: JSON.parse(body.toString()) });
      response.writeHead(answer.status).end(JSON.stringify(answer.body));
    });
  });
  server = await listen(http, { host: '127.0.0.1', port: 0 });
});
beforeEach(() => {
  asked = [];
  process.env = {
    ...before,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'key',
  };
});
afterAll(async () => {
  process.env = before;
  await server.close();
});

const queueUrl = (): string => `${server.url}/1/events.fifo`;
const probe = (signal = new AbortController().signal): Promise<void> =>
  queueProbe(directSqs(queueUrl(), Date.now), queueUrl())(signal);

const error = (status: number, type: string) => ({ status, body: { __type: type, message: 'no' } });
const entry = (SenderFault: boolean, Code: string) => ({
  status: 200,
  body: { Failed: [{ Id: '0', SenderFault, Code, Message: 'no' }] },
});

describe('SQS that refuses the message because it has no group takes others:', () => {
  it.each([
    ['the call is refused', error(400, 'com.amazonaws.sqs#InvalidParameterValue')],
    ['with another name', error(400, 'com.amazon.coral.service#MissingRequiredParameterException')],
    ['the name that the query protocol has', error(400, 'MissingParameter')],
    ['the entry is refused', entry(true, 'MissingParameter')],
  ])('%s', async (_, said) => {
    answer = said;
    await probe();
    expect(asked).toEqual([
      {
        target: 'AmazonSQS.SendMessageBatch',
        body: { QueueUrl: queueUrl(), Entries: [{ Id: '0', MessageBody: 'ready' }] },
      },
    ]);
  });
});

describe('SQS that would take no event:', () => {
  it.each([
    ['a failure inside', error(500, 'com.amazonaws.sqs#InternalError')],
    ['unavailable', error(503, 'ServiceUnavailable')],
    ['a throttle', error(400, 'com.amazonaws.sqs#RequestThrottled')],
    ['a signature that it refuses', error(400, 'InvalidSignatureException')],
    ['a failure that names a parameter', error(500, 'InvalidParameterValue')],
    ['an entry that failed inside', entry(false, 'InternalError')],
    ['an entry that is throttled', entry(true, 'RequestThrottled')],
    ['no word of the entry', { status: 200, body: {} }],
  ])('%s', async (_, said) => {
    answer = said;
    await expect(probe()).rejects.toBeInstanceOf(InfraFault);
  });

  it.each([
    ['the queue does not exist', error(400, 'com.amazonaws.sqs#QueueDoesNotExist')],
    ['the permission is missing', error(403, 'AccessDeniedException')],
    ['the key is refused', error(400, 'com.amazonaws.sqs#KmsAccessDenied')],
  ])('%s', async (_, said) => {
    answer = said;
    const refused = expect(probe()).rejects;
    await refused.toBeInstanceOf(AccessFault);
    await expect(probe()).rejects.toThrow('events.fifo');
  });

  it('the call is aborted', async () => {
    await expect(probe(AbortSignal.abort())).rejects.toBeInstanceOf(InfraFault);
  });
});
