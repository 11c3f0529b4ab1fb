import { describe, expect, it } from '@jest/globals';
import { MetricStore } from '../../../local/cloudwatch/metric-store.ts';
import { NativeMetrics } from '../../../local/cloudwatch/native-metrics.ts';

const NOON = Date.UTC(2026, 10, 22, 12);

describe('the services’ own metrics', () => {
  const store = new MetricStore(() => NOON);
  const native = new NativeMetrics(store, () => NOON);
  const read = (namespace: string, name: string, dimensions: Record<string, string>) => {
    const found = store.statistics({ namespace, name, dimensions }, NOON, NOON + 60_000);
    return found && [found.sum, found.count];
  };

  it('count invocations, errors and throttles of each function', () => {
    native.invoked('router', { kind: 'payload', payload: null }, 5);
    native.invoked('router', { kind: 'error', error: { errorType: 'Error', errorMessage: '' } }, 7);
    native.invoked('router', { kind: 'throttled', reason: 'ConcurrentInvocationLimitExceeded' }, 0);
    const of = (name: string) => read('AWS/Lambda', name, { FunctionName: 'router' });
    expect({ invocations: of('Invocations'), errors: of('Errors'), throttles: of('Throttles') }).toEqual({
      invocations: [2, 2],
      errors: [1, 2],
      throttles: [1, 3],
    });
    expect(of('Duration')).toEqual([12, 2]);
    expect(read('AWS/Lambda', 'Errors', { FunctionName: 'other' })).toBeUndefined();
  });

  it('count answers of the API, so that an average is a share', () => {
    for (const status of [200, 404, 500, 503]) native.answered({ name: 'api', stage: 'prod' }, status, 10);
    for (const dimensions of [{ ApiName: 'api' }, { ApiName: 'api', Stage: 'prod' }]) {
      expect(read('AWS/ApiGateway', 'Count', dimensions)).toEqual([4, 4]);
      expect(read('AWS/ApiGateway', '4XXError', dimensions)).toEqual([1, 4]);
      expect(read('AWS/ApiGateway', '5XXError', dimensions)).toEqual([2, 4]);
    }
  });

  it('have the lengths of queues, and what became of notifications', () => {
    native.queue('events.fifo', { visible: 3, inFlight: 2, sent: 7 });
    native.notified('alarms', false);
    expect(read('AWS/SQS', 'ApproximateNumberOfMessagesVisible', { QueueName: 'events.fifo' })).toEqual([
      3, 1,
    ]);
    expect(read('AWS/SQS', 'ApproximateNumberOfMessagesNotVisible', { QueueName: 'events.fifo' })).toEqual([
      2, 1,
    ]);
    expect(read('AWS/SQS', 'NumberOfMessagesSent', { QueueName: 'events.fifo' })).toEqual([7, 1]);
    expect(read('AWS/SNS', 'NumberOfNotificationsFailed', { TopicName: 'alarms' })).toEqual([1, 1]);
  });
});
