/** The adapters over Lambda and SQS's attributes, against a stand-in that answers as the services do. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createServer } from 'node:http';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { LambdaFunctions } from '../../lambdas/aws/functions.ts';
import { LambdaMappings } from '../../lambdas/aws/mappings.ts';
import { SqsQueueCounts } from '../../lambdas/aws/queue-counts.ts';
import { InfraFault } from '../../lambdas/core/ports.ts';
import { NOWHERE } from '../support/nowhere.ts';
import { listen, readBody, type Listening } from '../../local/http.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
interface Asked {
  readonly path: string | undefined;
  readonly type: unknown;
  readonly body: unknown;
}

let server: Listening;
/** `silent`: the request is never answered. */
let answer: Answer | 'silent';
let asked: Asked[];
let lambda: LambdaClient;
let sqs: SQSClient;

const limits = (requestTimeout: number) => ({
  endpoint: server.url,
  region: 'local',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  maxAttempts: 1,
  requestHandler: { requestTimeout, throwOnRequestTimeout: true },
});

beforeEach(async () => {
  asked = [];
  const http = createServer((request, response) => {
    void readBody(request, 1_000_000).then((text) => {
      asked.push({
        path: request.url,
        type: request.headers['x-amz-invocation-type'],
        body: text.length === 0 ? undefined : JSON.parse(text.toString()),
      });
      if (answer === 'silent') return;
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(JSON.stringify(answer.body ?? {}));
    });
  });
  server = await listen(http, { host: '127.0.0.1', port: 0 });
  lambda = new LambdaClient(limits(30_000));
  sqs = new SQSClient(limits(30_000));
  // Its log lines.
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(async () => {
  jest.restoreAllMocks();
  lambda.destroy();
  sqs.destroy();
  await server.close();
});

const failed = (type: string, status: number): Answer => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: { message: 'as it is' },
});
const fault = (body: unknown): Answer => ({ headers: { 'x-amz-function-error': 'Unhandled' }, body });

describe('a probe', () => {
  const probe = () => new LambdaFunctions(lambda, () => 42).probe('crm-deliver');
  const crash = { kind: 'load', codeVersion: '', at: 42 };

  it('asks the function to load everything, and is told its code version', async () => {
    answer = { body: { ok: true, codeVersion: 'v1' } };
    expect(await probe()).toEqual({ kind: 'answered', codeVersion: 'v1' });
    const [request] = asked;
    expect(request).toMatchObject({ type: 'RequestResponse', body: { sluice: 'probe' } });
    expect(request?.path).toContain('/functions/crm-deliver/invocations');
  });

  it('fails when the transform does not load, with what the function says of it', async () => {
    answer = { body: { ok: false, codeVersion: 'v2', error: 'LoadError: no', stack: 'at x' } };
    const expected = { ...crash, codeVersion: 'v2', error: 'LoadError: no', stack: 'at x' };
    expect(await probe()).toEqual({ kind: 'failed', crash: expected });
  });

  it('fails when the function does not start, with what Lambda says of it', async () => {
    answer = fault({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: 'no index',
      trace: ['a', 'b', 3],
    });
    const error = 'Runtime.ImportModuleError: no index';
    expect(await probe()).toEqual({ kind: 'failed', crash: { ...crash, error, stack: 'a\nb' } });
    answer = fault({ errorMessage: 'Task timed out after 3.00 seconds' });
    expect(await probe()).toEqual({
      kind: 'failed',
      crash: { ...crash, error: 'Task timed out after 3.00 seconds' },
    });
    for (const body of [null, 'oops', {}, { errorType: 7 }]) {
      answer = fault(body);
      const why = 'the function failed and did not say why';
      expect(await probe()).toEqual({ kind: 'failed', crash: { ...crash, error: why } });
    }
  });

  it('fails when the function answers with something else', async () => {
    for (const body of [null, {}, { ok: true }, { ok: false, codeVersion: 'v' }, { batchItemFailures: [] }]) {
      answer = { body };
      const error = 'the function answered a probe with something else';
      expect(await probe()).toEqual({ kind: 'failed', crash: { ...crash, error } });
    }
  });

  it('has told nothing when it was throttled, or Lambda fails', async () => {
    const errors = ['TooManyRequestsException', 'ServiceException', 'ResourceNotFoundException'];
    for (const [i, status] of [429, 500, 404].entries()) {
      answer = failed(errors[i] ?? '', status);
      expect(await probe()).toBeUndefined();
    }
    expect(asked).toHaveLength(3);
  });

  it('has failed when the function hangs', async () => {
    answer = 'silent';
    expect(await new LambdaFunctions(lambda, () => 42, 50).probe('crm-deliver')).toEqual({
      kind: 'failed',
      crash: {
        kind: 'load',
        error: 'the function did not answer a probe within 0.05 seconds',
        codeVersion: '',
        at: 42,
      },
    });
  });

  it('has told nothing when Lambda cannot be asked', async () => {
    const nowhere = new LambdaClient({ ...limits(1_000), endpoint: NOWHERE });
    expect(await new LambdaFunctions(nowhere, () => 42).probe('crm-deliver')).toBeUndefined();
    nowhere.destroy();
  });
});

describe('a drain worker', () => {
  it('is started, and not waited for', async () => {
    answer = { status: 202 };
    await new LambdaFunctions(lambda, () => 42).startDrain('router', 7);
    expect(asked).toMatchObject([{ type: 'Event', body: { sluice: 'drain', shard: 7 } }]);
  });

  it('that cannot be started is a fault, and is not asked for twice', async () => {
    answer = failed('ServiceException', 500);
    const done = new LambdaFunctions(lambda, () => 42).startDrain('router', 7);
    await expect(done).rejects.toThrow(/^Invoke failed: ServiceException/);
    await expect(done).rejects.toThrow(InfraFault);
    expect(asked).toHaveLength(1);
  });
});

describe('a mapping', () => {
  const body = {
    State: 'Enabled',
    ScalingConfig: { MaximumConcurrency: 7 },
    FunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:crm-deliver',
    EventSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:crm.fifo',
  };

  it('tells its state, and what it is between', async () => {
    answer = { body };
    const expected = {
      state: 'Enabled',
      maximumConcurrency: 7,
      functionName: 'crm-deliver',
      queueName: 'crm.fifo',
    };
    expect(await new LambdaMappings(lambda).read('id')).toEqual(expected);
    answer = { body: { ...body, FunctionArn: `${body.FunctionArn}:live` } };
    expect(await new LambdaMappings(lambda).read('id')).toEqual(expected);
  });

  it('that cannot be understood is a fault', async () => {
    answer = { body: { ...body, EventSourceArn: undefined } };
    await expect(new LambdaMappings(lambda).read('id')).rejects.toThrow(InfraFault);
  });

  it('in transition refuses a change; any other refusal is a fault', async () => {
    const change = { enabled: false, maximumConcurrency: 2 };
    answer = { status: 202, body };
    expect(await new LambdaMappings(lambda).update('id', change)).toBe(true);
    expect(asked[0]?.body).toEqual({ Enabled: false, ScalingConfig: { MaximumConcurrency: 2 } });
    answer = failed('ResourceInUseException', 400);
    expect(await new LambdaMappings(lambda).update('id', change)).toBe(false);
    answer = failed('ServiceException', 500);
    await expect(new LambdaMappings(lambda).update('id', change)).rejects.toThrow(InfraFault);
  });
});

describe('a queue', () => {
  const counts = () => new SqsQueueCounts(sqs, `${server.url}/123456789012/`);

  it('tells how many messages it holds', async () => {
    answer = {
      body: {
        Attributes: { ApproximateNumberOfMessages: '12', ApproximateNumberOfMessagesNotVisible: '3' },
      },
    };
    expect(await counts().read('crm.fifo')).toEqual({ visible: 12, inFlight: 3 });
    expect(asked[0]?.body).toMatchObject({ QueueUrl: `${server.url}/123456789012/crm.fifo` });
  });

  it('tells its dead-letter queue', async () => {
    const arn = 'arn:aws:sqs:eu-west-1:123456789012:crm-dead.fifo';
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1000 });
    answer = { body: { Attributes: { RedrivePolicy } } };
    expect(await counts().deadLetterQueueName('crm.fifo')).toBe('crm-dead.fifo');
    answer = { body: {} };
    await expect(counts().deadLetterQueueName('crm.fifo')).rejects.toThrow(/no dead-letter queue/);
  });

  it('that does not exist is no fault; anything else is', async () => {
    const missing = failed('com.amazonaws.sqs#QueueDoesNotExist', 400);
    answer = {
      ...missing,
      headers: { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' },
      body: { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'no' },
    };
    expect(await counts().read('gone.fifo')).toBeUndefined();
    expect(await counts().deadLetterQueueName('gone.fifo')).toBeUndefined();
    answer = failed('InternalFailure', 500);
    await expect(counts().read('crm.fifo')).rejects.toThrow(InfraFault);
  });
});
