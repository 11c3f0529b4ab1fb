import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ENV } from '../../contract/environment.ts';
import { collectMetrics, describeError, emitMetrics, emitNow, writeMetrics } from '../../lambdas/aws/log.ts';

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

  it('make no line if there are none, or none of anything', () => {
    emitMetrics({ Stage: 'crm' }, {});
    emitMetrics({ Stage: 'crm' }, { EventsRejected: 0 });
    expect(lines).toEqual([]);
    emitMetrics({ Stage: 'crm' }, { OldestMessageAge: 0, EventsRejected: 0 });
    expect(written()).toMatchObject({ OldestMessageAge: 0 });
    expect(lines[0]).not.toContain('EventsRejected');
  });

  describe('of an invocation', () => {
    const all = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

    it('are one line for each set of dimensions, at its end: counts are added, of an age the highest counts', () => {
      collectMetrics();
      emitMetrics({ Stage: 'router' }, { OldestMessageAge: 2 });
      emitMetrics({ Stage: 'router' }, { EventsRouted: 1, EventsRejected: 1 });
      emitMetrics({ Stage: 'crm' }, { EventsWithheldByFilter: 4 });
      emitMetrics({ Stage: 'router' }, { EventsRouted: 2, OldestMessageAge: 1 });
      expect(lines).toEqual([]);
      writeMetrics();
      expect(all()).toMatchObject([
        { Stage: 'router', OldestMessageAge: 2, EventsRouted: 3, EventsRejected: 1 },
        { Stage: 'crm', EventsWithheldByFilter: 4 },
      ]);
    });

    it('are written once, and the next begins at nothing', () => {
      for (const EventsRouted of [1, 2]) {
        collectMetrics();
        emitMetrics({ Stage: 'router' }, { EventsRouted });
        writeMetrics();
      }
      writeMetrics();
      expect(all()).toMatchObject([{ EventsRouted: 1 }, { EventsRouted: 2 }]);
    });

    it('do not wait when no invocation runs, or when they must not', () => {
      collectMetrics();
      emitNow({ Stage: 'router' }, { OldestMessageAge: 2 });
      expect(all()).toMatchObject([{ OldestMessageAge: 2 }]);
      writeMetrics();
      emitMetrics({ Stage: 'router' }, { LateCrashes: 1 });
      expect(all()).toMatchObject([{ OldestMessageAge: 2 }, { LateCrashes: 1 }]);
    });
  });
});

it('an error is logged with its causes', () => {
  const text = describeError(new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) }));
  expect(text).toMatch(/^Error\n {4}at [^]*\ncaused by TypeError\n {4}at [^]*\ncaused by not an error$/);
  expect(describeError('text')).toBe('not an error');
});
