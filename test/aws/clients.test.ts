/** How errors from AWS are classified: by the real clients, over HTTP, in the format of each service's protocol. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { PublishCommand } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatchingSender } from '../../lambdas/aws/batching-sender.ts';
import {
  dynamoClient,
  invokeClient,
  secretsClient,
  snsClient,
  sqsClient,
} from '../../lambdas/aws/clients.ts';
import { notDone, orFault, orRefused } from '../../lambdas/aws/errors.ts';
import { SqsQueueSender } from '../../lambdas/aws/queue.ts';
import { secretReader } from '../../lambdas/aws/secret-reader.ts';
import { AccessFault, InfraFault, MessageRefused } from '../../lambdas/core/base/faults.ts';

const NO_QUEUE = 'AWS.SimpleQueueService.NonExistentQueue;Sender';

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

let answer: Answer;
const server = http.createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  });
});

const SETTINGS = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'key',
};
const before = { ...process.env };
let endpoint: string;

beforeAll(async () => {
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, SETTINGS, { AWS_ENDPOINT_URL: endpoint });
});
afterAll(() => {
  process.env = before;
  server.closeAllConnections();
  server.close();
});

const json = (status: number, type: string, message: string, query?: string): Answer => ({
  status,
  headers: {
    'content-type': 'application/x-amz-json-1.0',
    ...(query === undefined ? {} : { 'x-amzn-query-error': query, 'x-amzn-errortype': type }),
  },
  body: JSON.stringify({ __type: type, message }),
});
const xml = (status: number, code: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>said</Message></Error></ErrorResponse>`,
});

const errorOf = async (call: Promise<unknown>): Promise<Error> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not throw');
};

const queueUrl = () => `${endpoint}/1/crm.fifo`;
const send = () => {
  const Entries = [{ Id: '0', MessageBody: 'x' }];
  return orFault(
    'SendMessageBatch',
    sqsClient().send(new SendMessageBatchCommand({ QueueUrl: queueUrl(), Entries })),
  );
};
const getItem = () =>
  orFault('GetItem', dynamoClient().send(new GetItemCommand({ TableName: 'state', Key: {} })));
const invoke = () => orFault('Invoke', invokeClient().send(new InvokeCommand({ FunctionName: 'crm-fn' })));
const publish = () =>
  orFault('Publish', snsClient().send(new PublishCommand({ TopicArn: 'arn:topic', Message: 'm' })));
const readSecret = () => secretReader(secretsClient())('crm/key');

describe('a permission, a resource or a key that is missing', () => {
  it.each<[string, () => Promise<unknown>, Answer]>([
    ['SQS AccessDenied', send, json(403, 'AccessDeniedException', 'no', 'AccessDenied;Sender')],
    ['SQS NonExistentQueue', send, json(400, 'com.amazonaws.sqs#QueueDoesNotExist', 'no', NO_QUEUE)],
    [
      'SQS KmsAccessDenied',
      send,
      json(400, 'com.amazonaws.sqs#KmsAccessDenied', 'no', 'KMS.AccessDeniedException;Sender'),
    ],
    ['DynamoDB AccessDenied', getItem, json(400, 'AccessDeniedException', 'no')],
    ['DynamoDB ResourceNotFound', getItem, json(400, 'ResourceNotFoundException', 'no')],
    ['DynamoDB UnrecognizedClient', getItem, json(400, 'UnrecognizedClientException', 'no')],
    ['Lambda ResourceNotFound', invoke, json(404, 'ResourceNotFoundException', 'no', 'x')],
    ['Lambda KMSDisabled', invoke, json(502, 'KMSDisabledException', 'no', 'x')],
    ['SNS AuthorizationError', publish, xml(403, 'AuthorizationError')],
    ['SNS NotFound', publish, xml(404, 'NotFound')],
    ['SNS KMSAccessDenied', publish, xml(400, 'KMSAccessDenied')],
    ['SNS InvalidClientTokenId', publish, xml(403, 'InvalidClientTokenId')],
    ['a secret that does not exist', readSecret, json(400, 'ResourceNotFoundException', 'no')],
    ['a secret that cannot be decrypted', readSecret, json(400, 'DecryptionFailure', 'no')],
    ['a secret that access is denied to', readSecret, json(400, 'AccessDeniedException', 'no')],
    ['a secret that is about to be deleted', readSecret, json(400, 'InvalidRequestException', 'no')],
    ['a secret without text', readSecret, { status: 200, body: '{"SecretBinary":"eA=="}' }],
  ])('%s is an AccessFault', async (_, call, said) => {
    answer = said;
    expect(await errorOf(call())).toBeInstanceOf(AccessFault);
  });

  it('names the operation, the resource and AWS’s error', async () => {
    answer = json(
      400,
      'com.amazonaws.sqs#QueueDoesNotExist',
      'The specified queue does not exist.',
      NO_QUEUE,
    );
    const queue = `SendMessageBatch of "${queueUrl()}" failed: QueueDoesNotExist: The specified queue does not exist.`;
    expect((await errorOf(send())).message).toBe(queue);
    answer = json(400, 'ResourceNotFoundException', 'Requested resource not found');
    const table = 'GetItem of "state" failed: ResourceNotFoundException: Requested resource not found';
    expect((await errorOf(getItem())).message).toBe(table);
    answer = json(400, 'ResourceNotFoundException', 'no such secret');
    const secret = 'GetSecretValue of "crm/key" failed: ResourceNotFoundException: no such secret';
    expect((await errorOf(readSecret())).message).toBe(secret);
  });

  it('of one message of a batch is not the message’s fault, although AWS marks it as the sender’s', async () => {
    const failed = { Id: '0', SenderFault: true, Code: 'KMS.AccessDeniedException', Message: 'no' };
    answer = { status: 200, body: JSON.stringify({ Successful: [], Failed: [failed] }) };
    const sender = new BatchingSender(new SqsQueueSender(sqsClient(), queueUrl()));
    const error = await errorOf(sender.send({ groupId: 'g', deduplicationId: 'd', body: 'b' }));
    expect(error).toBeInstanceOf(AccessFault);
  });

  it('is also one in a write of a message’s content', async () => {
    const put = () =>
      orRefused('PutItem', dynamoClient().send(new PutItemCommand({ TableName: 'parking', Item: {} })));
    answer = json(400, 'AccessDeniedException', 'no');
    expect(await errorOf(put())).toBeInstanceOf(AccessFault);
    answer = json(400, 'ValidationException', 'Item size has exceeded the maximum allowed size');
    expect(await errorOf(put())).toBeInstanceOf(MessageRefused);
  });
});

describe('a temporary failure', () => {
  it.each<[string, () => Promise<unknown>, Answer]>([
    ['a throttle of SQS', send, json(403, 'RequestThrottled', 'no', 'RequestThrottled;Sender')],
    [
      'a throttle of KMS',
      send,
      json(400, 'com.amazonaws.sqs#KmsThrottled', 'no', 'KMS.ThrottlingException;x'),
    ],
    ['a throttle of DynamoDB', getItem, json(400, 'ProvisionedThroughputExceededException', 'no')],
    ['a throttle of Lambda', invoke, json(429, 'TooManyRequestsException', 'no', 'x')],
    ['a failure inside DynamoDB', getItem, json(500, 'InternalServerError', 'no')],
    ['a failure inside Secrets Manager', readSecret, json(500, 'InternalServiceError', 'no')],
  ])('%s is an InfraFault, not an AccessFault', async (_, call, said) => {
    answer = said;
    const error = await errorOf(call());
    expect(error).toBeInstanceOf(InfraFault);
    expect(error).not.toBeInstanceOf(AccessFault);
  });

  it.each([
    'TimeoutError',
    'KMSThrottlingException',
    'KMS.InternalException',
    'InvalidRequestContentException',
  ])('%s is not an AccessFault', (name) => {
    expect(notDone('Call', `${name}: said`, false)).not.toBeInstanceOf(AccessFault);
    expect(notDone('Call', `${name}: said`, true)).toBeInstanceOf(MessageRefused);
  });

  it('names the operation when there was no answer', async () => {
    const failing = orFault('Publish', Promise.reject(new Error('socket hang up')));
    expect((await errorOf(failing)).message).toBe('Publish failed: Error: socket hang up');
  });
});
