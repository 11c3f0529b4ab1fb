/** Lambda's Invoke, by the SDK's own client. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  InvokeCommand,
  LambdaClient,
  ResourceNotFoundException,
  TooManyRequestsException,
} from '@aws-sdk/client-lambda';
import type { Listening } from '../../../local/common/http.ts';
import type { InvokeResult } from '../../../local/lambda/function.ts';
import { clientOptions, startTestApi } from '../run/test-api.ts';

let api: Listening;
let lambda: LambdaClient;
let result: InvokeResult;
/** The name and the payload, and the alias if there was one. */
let invoked: unknown[][];
let later: unknown[][];

beforeAll(async () => {
  api = await startTestApi({
    hasFunction: (name, qualifier = '$LATEST') =>
      name === 'control' && ['$LATEST', 'read'].includes(qualifier),
    invoke: (name, payload, { qualifier } = {}) => {
      invoked.push([name, payload, ...(qualifier === undefined ? [] : [qualifier])]);
      return Promise.resolve(result);
    },
    invokeLater: (name, payload, qualifier) =>
      later.push([name, payload, ...(qualifier === undefined ? [] : [qualifier])]),
  });
  lambda = new LambdaClient(clientOptions(api));
});
afterAll(async () => {
  lambda.destroy();
  await api.close();
});
beforeEach(() => {
  result = { kind: 'payload', payload: { ok: true } };
  invoked = [];
  later = [];
});

const invoke = (input: Partial<InvokeCommand['input']> = {}) =>
  lambda.send(new InvokeCommand({ FunctionName: 'control', ...input }));
const parsed = (payload: Uint8Array | undefined): unknown =>
  JSON.parse(Buffer.from(payload ?? []).toString());

describe('a call that waits', () => {
  it.each([
    'control',
    'arn:aws:lambda:us-east-1:000000000000:function:control',
    '000000000000:function:control',
  ])('runs the function named %s, and brings its answer', async (FunctionName) => {
    const answer = await invoke({ FunctionName, Payload: Buffer.from('{"command":"status"}') });
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(answer.FunctionError).toBeUndefined();
    expect(parsed(answer.Payload)).toEqual({ ok: true });
    expect(invoked).toEqual([['control', { command: 'status' }]]);
  });

  it('brings how the function failed', async () => {
    const error = {
      errorType: 'TypeError',
      errorMessage: 'x is not a function',
      stackTrace: ['TypeError: x', ' at y'],
    };
    result = { kind: 'error', error };
    const answer = await invoke();
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    const { stackTrace: trace, ...rest } = error;
    expect(parsed(answer.Payload)).toEqual({ ...rest, trace });
  });

  it('is refused when the concurrency is used up', async () => {
    result = { kind: 'throttled', reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' };
    const refused = await invoke().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TooManyRequestsException);
    expect(refused).toMatchObject({
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      $metadata: { httpStatusCode: 429 },
    });
  });
});

describe('a call that does not wait', () => {
  it('is accepted immediately', async () => {
    const answer = await invoke({ InvocationType: 'Event', Payload: Buffer.from('{"sluice":"drain"}') });
    expect(answer.StatusCode).toBe(202);
    expect([later, invoked]).toEqual([[['control', { sluice: 'drain' }]], []]);
  });

  it('takes no more than a MiB', async () => {
    const Payload = Buffer.from(JSON.stringify('x'.repeat(1_048_576)));
    await expect(invoke({ InvocationType: 'Event', Payload })).rejects.toMatchObject({
      name: 'RequestTooLargeException',
    });
    expect(later).toEqual([]);
  });
});

describe('a call of an alias', () => {
  const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:control';

  it.each([
    { Qualifier: 'read' },
    { FunctionName: 'control:read' },
    { FunctionName: `${ARN}:read` },
    { FunctionName: '000000000000:function:control:read' },
    { FunctionName: `${ARN}:read`, Qualifier: 'read' },
    { FunctionName: ARN, Qualifier: 'read' },
  ])('is made through it: %j', async (input) => {
    expect(await invoke({ ...input, Payload: Buffer.from('{}') })).toMatchObject({
      ExecutedVersion: '$LATEST',
    });
    await invoke({ ...input, Payload: Buffer.from('{}'), InvocationType: 'Event' });
    expect(invoked).toEqual([['control', {}, 'read']]);
    expect(later).toEqual([['control', {}, 'read']]);
  });

  it.each([
    { Qualifier: 'operate' },
    { FunctionName: `${ARN}:operate` },
    { FunctionName: 'control:7' },
    { FunctionName: 'other', Qualifier: 'read' },
  ])('that there is not is not found: %j', async (input) => {
    for (const InvocationType of ['RequestResponse', 'Event', 'DryRun'] as const)
      await expect(invoke({ ...input, InvocationType })).rejects.toThrow(ResourceNotFoundException);
    expect([invoked, later]).toEqual([[], []]);
  });

  it('names the alias that is missing', async () => {
    await expect(invoke({ Qualifier: 'operate' })).rejects.toThrow(`Function not found: ${ARN}:operate`);
  });

  it('is refused when the name and the qualifier say different things', async () => {
    await expect(invoke({ FunctionName: 'control:read', Qualifier: '$LATEST' })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    expect(invoked).toEqual([]);
  });
});

it('a dry run runs nothing', async () => {
  expect((await invoke({ InvocationType: 'DryRun' })).StatusCode).toBe(204);
  expect([later, invoked]).toEqual([[], []]);
});

it.each(['Event', 'RequestResponse'] as const)(
  'what is not in the template is not found: %s',
  async (type) => {
    await expect(invoke({ FunctionName: 'other', InvocationType: type })).rejects.toThrow(
      ResourceNotFoundException,
    );
  },
);

it('what is not JSON is refused', async () => {
  await expect(invoke({ Payload: Buffer.from('{') })).rejects.toMatchObject({
    name: 'InvalidRequestContentException',
  });
});
