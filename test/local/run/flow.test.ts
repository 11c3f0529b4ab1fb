import { describe, expect, it } from '@jest/globals';
import { MetricStore, single } from '../../../local/cloudwatch/metric-store.ts';
import { flowSince } from '../../../local/run/flow.ts';

const NOON = Date.UTC(2026, 10, 22, 12);

describe('the flow', () => {
  const store = new MetricStore(() => NOON);
  const put = (name: string, second: number, value: number, dimensions: Record<string, string>) =>
    store.put({
      namespace: name.startsWith('Approximate') ? 'AWS/SQS' : 'Sluice',
      name,
      dimensions,
      at: NOON + second * 1_000,
      statistics: single(value),
      highResolution: false,
    });
  for (let second = 1; second < 5; second += 1) {
    put('ApproximateNumberOfMessagesVisible', second, 10, { QueueName: 'events.fifo' });
    put('ApproximateNumberOfMessagesNotVisible', second, second, { QueueName: 'crm.fifo' });
    put('ApproximateNumberOfMessagesVisible', second, 1_000, { QueueName: 'dead.fifo' });
  }
  put('EventsAccepted', 2, 5, { Pipeline: 'p', Source: 'web' });
  put('EventsAccepted', 2, 2, { Pipeline: 'p', Source: 'app' });
  put('EventsAccepted', 2, 7, { Pipeline: 'p' });
  put('EventsDelivered', 3, 4, { Stage: 'crm' });

  it('counts each event once, and the queues that were named', () => {
    expect(flowSince(store, NOON, ['events.fifo', 'crm.fifo'], NOON + 4_500)).toEqual({
      step: 1_000,
      at: [0, 1, 2, 3].map((second) => NOON + second * 1_000),
      // Nobody looked in the first second.
      accepted: [null, 0, 7, 0],
      delivered: [null, 0, 0, 4],
      backlog: [null, 11, 12, 13],
    });
  });

  it.each([
    [60_000, 1_000],
    [900_000, 5_000],
    [3_600_000, 20_000],
    [7_200_000, 60_000],
    [86_400_000, 480_000],
  ])('of %s ms has steps of %s ms', (span, step) => {
    const { step: chosen, at } = flowSince(store, NOON - span, [], NOON);
    expect(chosen).toBe(step);
    expect(at).toHaveLength(span / step);
  });
});
