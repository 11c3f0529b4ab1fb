/** Ingest's sender without the SDK: the same calls, the same results and the same faults as the one with it. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sqsClient } from '../../lambdas/aws/clients.ts';
import { DirectQueueSender, directSqs } from '../../lambdas/aws/direct-sender.ts';
import { SqsQueueSender } from '../../lambdas/aws/queue.ts';
import { AccessFault, InfraFault } from '../../lambdas/core/base/faults.ts';
import type { OutgoingMessage, QueueSender } from '../../lambdas/core/base/messages.ts';
import { listen, readBody, type Listening } from '../../local/common/http.ts';

const SETTINGS = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'key',
  AWS_SESSION_TOKEN: 'token',
};
const before = { ...process.env };

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}
let answer: Answer;
let asked: { headers: IncomingHttpHeaders; body: unknown }[] = [];
let server: Listening;

beforeAll(async () => {
  const http = createServer((request, response) => {
    void readBody(request, 1_000_000).then((body) => {
      asked.push({ headers: request.headers, body: JSON.parse(body.toString()) });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  server = await listen(http, { host: '127.0.0.1', port: 0 });
});
beforeEach(() => {
  asked = [];
  process.env = { ...before, ...SETTINGS };
  process.env['AWS_ENDPOINT_URL'] = server.url;
  delete process.env['AWS_ENDPOINT_URL_SQS'];
});
afterAll(async () => {
  process.env = before;
  await server.close();
});

const message = (id: string): OutgoingMessage => ({
  groupId: `g${id}`,
  deduplicationId: `d${id}`,
  body: `{"${id}":"é"}`,
});
const queueUrl = (): string => `${server.url}/1/events.fifo`;
const direct = (): QueueSender => new DirectQueueSender(directSqs(queueUrl(), Date.now), queueUrl());
const bySdk = (): QueueSender => new SqsQueueSender(sqsClient(), queueUrl());

const json = (status: number, type: string, query?: string): Answer => ({
  status,
  headers: query === undefined ? {} : { 'x-amzn-query-error': query, 'x-amzn-errortype': type },
  body: JSON.stringify({ __type: type, message: 'no' }),
});

const outcome = async (sender: QueueSender): Promise<unknown> => {
  try {
    return await sender.send([message('a')]);
  } catch (error) {
    // The SDK has some names from the protocol of before, where they end otherwise.
    if (error instanceof Error) return [error.constructor.name, error.message.replace('Exception: ', ': ')];
    throw error;
  }
};

describe('the same as with the SDK:', () => {
  it('the call', async () => {
    answer = { status: 200, body: '{"Successful":[{"Id":"0"},{"Id":"1"}]}' };
    expect(await direct().send([message('a'), message('b')])).toEqual([{ ok: true }, { ok: true }]);
    answer = { status: 200, body: '{"Successful":[],"Failed":[]}' };
    await bySdk().send([message('a'), message('b')]);
    const [mine, theirs] = asked;
    expect(mine?.body).toEqual(theirs?.body);
    for (const name of ['content-type', 'host', 'x-amz-target', 'x-amz-security-token', 'x-amzn-query-mode'])
      expect([name, mine?.headers[name]]).toEqual([name, theirs?.headers[name]]);
  });

  it.each<[string, Answer]>([
    ['a missing permission', json(403, 'AccessDeniedException', 'AccessDenied;Sender')],
    [
      'a missing queue',
      json(400, 'com.amazonaws.sqs#QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue;Sender'),
    ],
    [
      'a key that is refused',
      json(400, 'com.amazonaws.sqs#KmsAccessDenied', 'KMS.AccessDeniedException;Sender'),
    ],
    ['an unknown access key', json(403, 'UnrecognizedClientException')],
    ['a throttle of the key', json(400, 'com.amazonaws.sqs#KmsThrottled', 'KMS.ThrottlingException;x')],
    ['a failure inside SQS', json(500, 'com.amazonaws.sqs#InternalError')],
    ['a call that is too large', json(400, 'com.amazonaws.sqs#BatchRequestTooLong')],
    [
      'a refused entry',
      {
        status: 200,
        body: '{"Failed":[{"Id":"0","SenderFault":true,"Code":"InvalidMessageContents","Message":"no"}]}',
      },
    ],
    [
      'a throttled entry',
      { status: 200, body: '{"Failed":[{"Id":"0","SenderFault":true,"Code":"RequestThrottled"}]}' },
    ],
    ['an entry that is not mentioned', { status: 200, body: '{}' }],
  ])('%s', async (_, said) => {
    answer = said;
    const mine = await outcome(direct());
    expect(mine).toEqual(await outcome(bySdk()));
    expect(JSON.stringify(mine)).not.toContain('"ok":true');
  });
});

describe('a fault', () => {
  it('of AWS that no retry helps against is an AccessFault, and names the queue', async () => {
    answer = json(400, 'com.amazonaws.sqs#QueueDoesNotExist');
    const sending = direct().send([message('a')]);
    await expect(sending).rejects.toThrow(AccessFault);
    await expect(sending).rejects.toThrow(
      `SendMessageBatch of "${queueUrl()}" failed: QueueDoesNotExist: no`,
    );
  });

  it.each([
    ['an error that is no JSON', { status: 503, body: '<html>' }, 'Status503: answered 503'],
    ['an answer that is no JSON', { status: 200, body: '<html>' }, 'SyntaxError: '],
  ])('%s is an InfraFault', async (_, said, words) => {
    answer = said;
    const sending = direct().send([message('a')]);
    await expect(sending).rejects.toThrow(InfraFault);
    await expect(sending).rejects.toThrow(words);
  });

  it('is not tried again: ingest does that, until its deadline', async () => {
    answer = json(500, 'com.amazonaws.sqs#InternalError');
    await expect(direct().send([message('a')])).rejects.toThrow(InfraFault);
    expect(asked).toHaveLength(1);
  });

  it('of the deployment, a variable that is missing, is named', async () => {
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    await expect(direct().send([message('a')])).rejects.toThrow(
      'the environment variable AWS_SECRET_ACCESS_KEY is not set',
    );
  });
});

it('asks the host of the queue’s URL, whatever endpoint the environment names, as the SDK does', async () => {
  answer = { status: 200, body: '{"Successful":[{"Id":"0"}]}' };
  process.env['AWS_ENDPOINT_URL'] = 'http://127.0.0.1:9';
  expect(await direct().send([message('a')])).toEqual([{ ok: true }]);
  expect(asked[0]?.body).toMatchObject({ QueueUrl: queueUrl() });
});
