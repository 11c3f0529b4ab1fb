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
  it('belong to the pipeline; those with an alarm for the whole pipeline are written twice', () => {
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

  it('leave out the pipeline’s name if it is not known', () => {
    emitMetrics({ Source: 'web' }, { EventsAccepted: 3, EventsRejected: 1 });
    const line = written();
    expect(line).toMatchObject({
      _aws: {
        CloudWatchMetrics: [directive([{ Name: 'EventsAccepted' }, { Name: 'EventsRejected' }], ['Source'])],
      },
    });
    expect(line).not.toHaveProperty('Pipeline');
  });

  it('make no line if there are none', () => {
    emitMetrics({ Stage: 'crm' }, {});
    expect(lines).toEqual([]);
  });
});

it('an error is logged with its causes', () => {
  const text = describeError(new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) }));
  expect(text).toMatch(/^Error\n {4}at [^]*\ncaused by TypeError\n {4}at [^]*\ncaused by not an error$/);
  expect(describeError('text')).toBe('not an error');
});
