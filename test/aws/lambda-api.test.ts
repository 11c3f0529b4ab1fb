/** The adapters over Lambda, against a stand-in that answers as the service does. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { LambdaFunctions } from '../../lambdas/aws/functions.ts';
import { LambdaMappings } from '../../lambdas/aws/mappings.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { NOWHERE } from '../support/nowhere.ts';
import { failed, StandIn, type Answer } from './stand-in.ts';

let api: StandIn;
beforeEach(async () => {
  api = await StandIn.open();
  // Its log lines.
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await api.close();
});

const fault = (body: unknown): Answer => ({ headers: { 'x-amz-function-error': 'Unhandled' }, body });

describe('a probe', () => {
  const probe = () => new LambdaFunctions(api.lambda, () => 42).probe('crm-deliver');
  const crash = { kind: 'load', codeVersion: '', at: 42 };

  it('asks the function to load everything, and returns its code version', async () => {
    api.answer = { body: { ok: true, codeVersion: 'v1' } };
    expect(await probe()).toEqual({ kind: 'answered', codeVersion: 'v1' });
    const [request] = api.asked;
    expect(request).toMatchObject({ type: 'RequestResponse', body: { sluice: 'probe' } });
    expect(request?.path).toContain('/functions/crm-deliver/invocations');
  });

  it('fails when the transform does not load, with the error of the function', async () => {
    api.answer = { body: { ok: false, codeVersion: 'v2', error: 'LoadError: no', stack: 'at x' } };
    const expected = { ...crash, codeVersion: 'v2', error: 'LoadError: no', stack: 'at x' };
    expect(await probe()).toEqual({ kind: 'failed', crash: expected });
  });

  it('fails when the function does not start, with the error of Lambda', async () => {
    api.answer = fault({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: 'no index',
      trace: ['a', 'b', 3],
    });
    const error = 'Runtime.ImportModuleError: no index';
    expect(await probe()).toEqual({ kind: 'failed', crash: { ...crash, error, stack: 'a\nb' } });
    api.answer = fault({ errorMessage: 'Task timed out after 3.00 seconds' });
    expect(await probe()).toEqual({
      kind: 'failed',
      crash: { ...crash, error: 'Task timed out after 3.00 seconds' },
    });
    for (const body of [null, 'oops', {}, { errorType: 7 }]) {
      api.answer = fault(body);
      const why = 'the function failed and did not say why';
      expect(await probe()).toEqual({ kind: 'failed', crash: { ...crash, error: why } });
    }
  });

  it('fails when the function answers with something else', async () => {
    for (const body of [null, {}, { ok: true }, { ok: false, codeVersion: 'v' }, { batchItemFailures: [] }]) {
      api.answer = { body };
      const error = 'the function answered a probe with something else';
      expect(await probe()).toEqual({ kind: 'failed', crash: { ...crash, error } });
    }
  });

  it.each<[string, Answer, string | undefined]>([
    ['Lambda fails', failed('ServiceException', 500), undefined],
    [
      'it does not exist',
      failed('ResourceNotFoundException', 404),
      'Lambda does not invoke the function: ResourceNotFoundException: as it is',
    ],
    [
      'its key is disabled',
      failed('KMSDisabledException', 502),
      'Lambda does not invoke the function: KMSDisabledException: as it is',
    ],
    [
      'control may not invoke it',
      failed('AccessDeniedException', 403),
      'Lambda does not invoke the function: AccessDeniedException: as it is',
    ],
    [
      'it is throttled without a reason',
      failed('TooManyRequestsException', 429),
      'Lambda throttles the function: no reason is known',
    ],
    [
      'it is throttled to nothing',
      {
        ...failed('TooManyRequestsException', 429),
        body: { message: 'Rate Exceeded.', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
      },
      'Lambda throttles the function: its reserved concurrency is used up, or is 0',
    ],
    [
      'it is throttled for a new reason',
      { ...failed('TooManyRequestsException', 429), body: { Reason: 'MoonIsFull' } },
      'Lambda throttles the function: MoonIsFull',
    ],
  ])('has no result when %s, but the reason why the function is not invoked', async (_, given, why) => {
    api.answer = given;
    expect(await probe()).toEqual({ kind: 'unknown', ...(why === undefined ? {} : { why }) });
    expect(api.asked).toHaveLength(1);
  });

  it('fails when the function hangs', async () => {
    api.answer = 'silent';
    expect(await new LambdaFunctions(api.lambda, () => 42, 50).probe('crm-deliver')).toEqual({
      kind: 'failed',
      crash: {
        kind: 'load',
        error: 'the function did not answer a probe within 0.05 seconds',
        codeVersion: '',
        at: 42,
      },
    });
  });

  it('has no result when Lambda cannot be called', async () => {
    const nowhere = new LambdaClient({ ...api.limits(1_000), endpoint: NOWHERE });
    expect(await new LambdaFunctions(nowhere, () => 42).probe('crm-deliver')).toEqual({
      kind: 'unknown',
    });
    nowhere.destroy();
  });
});

describe('a drain worker', () => {
  it('is started without waiting for its end', async () => {
    api.answer = { status: 202 };
    await new LambdaFunctions(api.lambda, () => 42).startDrain('router', { shard: 7, until: 5 });
    expect(api.asked).toMatchObject([{ type: 'Event', body: { sluice: 'drain', shard: 7, until: 5 } }]);
  });

  it('that cannot be started is a fault, and the call is not retried', async () => {
    api.answer = failed('ServiceException', 500);
    const done = new LambdaFunctions(api.lambda, () => 42).startDrain('router', { shard: 7, until: 5 });
    await expect(done).rejects.toThrow(/^Invoke failed: ServiceException/);
    await expect(done).rejects.toThrow(InfraFault);
    expect(api.asked).toHaveLength(1);
  });
});

describe('a trial', () => {
  it('is started without waiting for its end', async () => {
    api.answer = { status: 202 };
    await new LambdaFunctions(api.lambda, () => 42).startTrial('router');
    expect(api.asked).toMatchObject([{ type: 'Event', body: { sluice: 'trial' } }]);
  });
});

describe('a mapping', () => {
  const body = {
    State: 'Enabled',
    ScalingConfig: { MaximumConcurrency: 7 },
    FunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:crm-deliver',
    EventSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:crm.fifo',
  };

  it('has a state, which may be a transition', async () => {
    api.answer = { body };
    const expected = {
      state: 'Enabled',
      maximumConcurrency: 7,
      functionName: 'crm-deliver',
      queueName: 'crm.fifo',
    };
    expect(await new LambdaMappings(api.lambda).read('id')).toEqual(expected);
    api.answer = { body: { ...body, FunctionArn: `${body.FunctionArn}:live` } };
    expect(await new LambdaMappings(api.lambda).read('id')).toEqual(expected);
  });

  it('has the reason why it does not invoke the function, and none while it works', async () => {
    const fine = { LastProcessingResult: 'No records processed', StateTransitionReason: 'User initiated' };
    api.answer = { body: { ...body, ...fine } };
    expect(await new LambdaMappings(api.lambda).read('id')).not.toHaveProperty('trouble');
    api.answer = {
      body: { ...body, ...fine, StateTransitionReason: 'USER_INITIATED', LastProcessingResult: 'OK' },
    };
    expect(await new LambdaMappings(api.lambda).read('id')).not.toHaveProperty('trouble');
    const problem = 'PROBLEM: Lambda lacks permission to read the queue';
    api.answer = {
      body: { ...body, LastProcessingResult: problem, StateTransitionReason: 'Role was removed' },
    };
    expect(await new LambdaMappings(api.lambda).read('id')).toMatchObject({
      trouble: `${problem}; Role was removed`,
    });
  });

  it('that cannot be understood is a fault', async () => {
    api.answer = { body: { ...body, EventSourceArn: undefined } };
    await expect(new LambdaMappings(api.lambda).read('id')).rejects.toThrow(InfraFault);
  });

  it('in transition refuses a change; any other refusal is a fault', async () => {
    const change = { enabled: false, maximumConcurrency: 2 };
    api.answer = { status: 202, body };
    expect(await new LambdaMappings(api.lambda).update('id', change)).toBe(true);
    expect(api.asked[0]?.body).toEqual({ Enabled: false, ScalingConfig: { MaximumConcurrency: 2 } });
    api.answer = failed('ResourceInUseException', 400);
    expect(await new LambdaMappings(api.lambda).update('id', change)).toBe(false);
    api.answer = failed('ServiceException', 500);
    await expect(new LambdaMappings(api.lambda).update('id', change)).rejects.toThrow(InfraFault);
  });
});
