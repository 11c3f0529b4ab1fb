import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ENV } from '../../contract/environment.ts';
import { describeError, emitMetrics } from '../../lambdas/aws/log.ts';

let lines: string[];

beforeEach(() => {
  lines = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
  Reflect.deleteProperty(process.env, ENV.pipeline);
});

const written = (): unknown => {
  const [line = '', ...others] = lines;
  expect(others).toEqual([]);
  return JSON.parse(line);
};
const directive = (metrics: readonly object[], ...dimensions: readonly (readonly string[])[]) => ({
  Namespace: 'Sluice',
  Dimensions: dimensions,
  Metrics: metrics,
});

describe('metrics', () => {
  it('belong to the pipeline; those that are watched for it as a whole are there twice', () => {
    process.env[ENV.pipeline] = 'Sluice/Pipeline';
    emitMetrics({ Stage: 'crm' }, { EventsDelivered: 3, EventsRejected: 1, OldestMessageAge: 2.5 });
    const own = ['Pipeline', 'Stage'];
    expect(written()).toMatchObject({
      Pipeline: 'Sluice/Pipeline',
      Stage: 'crm',
      EventsDelivered: 3,
      EventsRejected: 1,
      OldestMessageAge: 2.5,
      _aws: {
        CloudWatchMetrics: [
          directive([{ Name: 'EventsDelivered' }], own),
          directive([{ Name: 'EventsRejected' }, { Name: 'OldestMessageAge', Unit: 'Seconds' }], own, [
            'Pipeline',
          ]),
        ],
      },
    });
  });

  it('do without the pipeline’s name where it is not known', () => {
    emitMetrics({ Source: 'web' }, { EventsAccepted: 3, EventsRejected: 1 });
    const line = written();
    expect(line).toMatchObject({
      _aws: {
        CloudWatchMetrics: [directive([{ Name: 'EventsAccepted' }, { Name: 'EventsRejected' }], ['Source'])],
      },
    });
    expect(line).not.toHaveProperty('Pipeline');
  });

  it('are no line when there are none', () => {
    emitMetrics({ Stage: 'crm' }, {});
    expect(lines).toEqual([]);
  });
});

it('an error is described with its causes', () => {
  const text = describeError(new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) }));
  expect(text).toMatch(/^Error: outer\n[^]*\ncaused by TypeError: inner\n[^]*\ncaused by root$/);
  expect(describeError('text')).toBe('text');
});
