/** A second try: for the failures for which the SDK makes one, after which pause, and while the quota lasts. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { dynamoClient, sqsClient } from '../../lambdas/aws/clients.ts';
import { directCall, DYNAMODB, SQS, type Call } from '../../lambdas/aws/direct-call.ts';
import { directCalls, dynamoUrl } from '../../lambdas/aws/direct-calls.ts';
import { failureOf, retrying } from '../../lambdas/aws/retrying.ts';
import { listen, readBody, type Listening } from '../../local/common/http.ts';

type Respond = (response: ServerResponse) => void;
let respond: Respond;
let asked: IncomingHttpHeaders[] = [];
let server: Listening;
const before = { ...process.env };

beforeAll(async () => {
  const http = createServer((request, response) => {
    void readBody(request, 1_000_000).then(() => {
      asked.push(request.headers);
      respond(response);
    });
  });
  server = await listen(http, { host: '127.0.0.1', port: 0 });
  const credentials = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_REGION: 'eu-west-1' };
  Object.assign(process.env, credentials, { AWS_ENDPOINT_URL: server.url });
  // The SDK's pauses are random, too.
  jest.spyOn(Math, 'random').mockReturnValue(0);
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  process.env = before;
  jest.restoreAllMocks();
  await server.close();
});

const queueUrl = (): string => `${server.url}/1/q.fifo`;
const calls = () => directCalls(queueUrl(), Date.now, () => 0);
const answering =
  (status: number, type: string): Respond =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: type, message: 'no' }));
  };

const attempts = async (work: () => Promise<unknown>): Promise<number> => {
  asked = [];
  await expect(work()).rejects.toThrow();
  return asked.length;
};
const sqsEntries = { Entries: [{ Id: '0', MessageBody: 'x' }] };

describe('as often as the SDK tries', () => {
  it.each<[string, number, Respond]>([
    ['a server error', 2, answering(500, 'InternalServerError')],
    ['unavailable', 2, answering(503, 'ServiceUnavailable')],
    ['bad gateway', 2, answering(502, 'BadGateway')],
    ['too many requests', 2, answering(429, 'Whatever')],
    ['a throttle', 2, answering(400, 'ThrottlingException')],
    ['a throttle of a table', 2, answering(400, 'ProvisionedThroughputExceededException')],
    ['a throttle of a request', 2, answering(400, 'RequestLimitExceeded')],
    ['a throttle of SQS', 2, answering(403, 'RequestThrottled')],
    ['a closed connection', 2, (response) => response.destroy()],
    ['a missing permission', 1, answering(400, 'AccessDeniedException')],
    ['a missing resource', 1, answering(400, 'ResourceNotFoundException')],
    ['a condition that does not hold', 1, answering(400, 'ConditionalCheckFailedException')],
    ['an invalid request', 1, answering(400, 'ValidationException')],
    ['a signature that is not right', 1, answering(403, 'InvalidSignatureException')],
    ['not implemented', 1, answering(501, 'NotImplemented')],
  ])('%s: %d', async (_, expected, how) => {
    respond = how;
    const get = { TableName: 'state', Key: {} };
    const found = {
      dynamo: await attempts(() => calls().dynamo('GetItem', get)),
      dynamoBySdk: await attempts(() => dynamoClient().send(new GetItemCommand(get))),
      sqs: await attempts(() => calls().sqs('SendMessageBatch', { QueueUrl: queueUrl(), ...sqsEntries })),
      sqsBySdk: await attempts(() =>
        sqsClient().send(new SendMessageBatchCommand({ QueueUrl: queueUrl(), ...sqsEntries })),
      ),
    };
    expect(found).toEqual({ dynamo: expected, dynamoBySdk: expected, sqs: expected, sqsBySdk: expected });
  });

  it('and a second try that succeeds is the result', async () => {
    respond = (response) =>
      asked.length === 1 ? answering(500, 'InternalError')(response) : response.end('{"Item":{}}');
    expect(await calls().dynamo('GetItem', {})).toEqual({ Item: {} });
  });
});

describe('a clock that is wrong', () => {
  const late = 3 * 3_600_000;
  const refuse: Respond = (response) => {
    response.setHeader('date', new Date(Date.now()).toUTCString());
    const isRight =
      asked.at(-1)?.['x-amz-date'] !== undefined && !isOff(String(asked.at(-1)?.['x-amz-date']));
    if (isRight) response.end('{}');
    else answering(400, 'InvalidSignatureException')(response);
  };
  const isOff = (date: string): boolean => {
    const iso = date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
    return Math.abs(Date.parse(iso) - Date.now()) > 300_000;
  };

  it.each([late, -late])('by %d ms is corrected by AWS’s answer, for all calls that follow', async (by) => {
    respond = refuse;
    const wait = { random: () => 0, sleep: () => Promise.resolve() };
    const call = retrying(
      directCall(DYNAMODB, server.url, () => Date.now() + by),
      wait,
    );
    expect(await call('GetItem', {})).toEqual({});
    expect(asked).toHaveLength(2);
    expect(await call('GetItem', {})).toEqual({});
    expect(asked).toHaveLength(3);
  });

  it('is not blamed for another refusal', async () => {
    respond = answering(403, 'InvalidSignatureException');
    expect(await attempts(() => directCall(SQS, queueUrl(), Date.now)('ReceiveMessage', {}))).toBe(1);
  });
});

describe('the policy', () => {
  const failing = (error: Error): { call: Call; made: () => number } => {
    let made = 0;
    return { call: () => Promise.reject(((made += 1), error)), made: () => made };
  };
  const named = (name: string, fields: object = {}) => Object.assign(new Error('no'), { name, ...fields });

  it.each<[string, Error, string | undefined]>([
    ['a time limit', named('TimeoutError'), 'transient'],
    ['a name that does not resolve', named('Error', { code: 'ENOTFOUND' }), 'transient'],
    ['a slow-down', named('SlowDown'), 'throttled'],
    ['a signal', named('AbortError', { code: 'ECONNRESET' }), undefined],
    ['an answer that is no JSON', new SyntaxError('no'), undefined],
  ])('%s', (_, error, expected) => {
    expect(failureOf(error)).toBe(expected);
  });

  it('pauses at random, longer after a throttle', async () => {
    const pauses: number[] = [];
    const sleep = (ms: number) => Promise.resolve(pauses.push(ms));
    for (const error of [named('TimeoutError'), named('SlowDown')])
      await expect(retrying(failing(error).call, { random: () => 0.5, sleep })('X', {})).rejects.toBe(error);
    expect(pauses).toEqual([25, 250]);
  });

  it('stops while a service stays down, and begins again when it is back', async () => {
    let isDown = true;
    let made = 0;
    const call: Call = () => {
      made += 1;
      return isDown ? Promise.reject(named('TimeoutError')) : Promise.resolve('done');
    };
    const patient = retrying(call, { random: () => 0, sleep: () => Promise.resolve() });
    const ask = () => patient('X', {}).catch(() => 'failed');
    for (let i = 0; i < 50; i += 1) await ask();
    // 500 of quota, 14 a try.
    expect(made).toBe(50 + 35);
    isDown = false;
    for (let i = 0; i < 14; i += 1) await ask();
    isDown = true;
    made = 0;
    await ask();
    expect(made).toBe(2);
  });

  it('makes no second try when the caller has given up', async () => {
    const { call, made } = failing(named('TimeoutError'));
    const patient = retrying(call, { random: () => 0, sleep: () => Promise.resolve() });
    await expect(patient('X', {}, AbortSignal.abort())).rejects.toThrow();
    expect(made()).toBe(1);
  });
});

describe('DynamoDB is', () => {
  it.each([
    ['https://sqs.eu-west-1.amazonaws.com/1/q', 'https://dynamodb.eu-west-1.amazonaws.com'],
    ['https://sqs.cn-north-1.amazonaws.com.cn/1/q', 'https://dynamodb.cn-north-1.amazonaws.com.cn'],
    ['https://us-east-2.queue.amazonaws.com/1/q', 'https://dynamodb.us-east-2.amazonaws.com'],
  ])('where the queue %s is', (queue, url) => {
    expect(dynamoUrl(queue, { AWS_REGION: 'us-east-2' })).toBe(url);
  });

  it('where the environment says, as for the SDK', () => {
    const queue = 'https://sqs.eu-west-1.amazonaws.com/1/q';
    expect(dynamoUrl(queue, { AWS_ENDPOINT_URL: 'http://a' })).toBe('http://a');
    const both = { AWS_ENDPOINT_URL: 'http://a', AWS_ENDPOINT_URL_DYNAMODB: 'http://b' };
    expect(dynamoUrl(queue, both)).toBe('http://b');
  });
});
