/** Names that mean something to CloudWatch, in our own log lines. */
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { log } from '../../lambdas/aws/log.ts';
import { readEmf } from '../../local/cloudwatch/emf.ts';

const METRICS = {
  Timestamp: 1,
  CloudWatchMetrics: [{ Namespace: 'Sluice', Dimensions: [[]], Metrics: [{ Name: 'DegradedMode' }] }],
};

let lines: string[];
beforeEach(() => {
  lines = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const written = (): unknown => JSON.parse(lines.at(-1) ?? '');

it('are kept below the top of the line', () => {
  log('info', 'text', { stage: 'router', _aws: METRICS, '@message': 'x', DegradedMode: 1 });
  expect(lines.flatMap((line) => readEmf(line))).toEqual([]);
  expect(written()).toEqual({
    level: 'info',
    message: 'text',
    stage: 'router',
    DegradedMode: 1,
    fields: { _aws: METRICS, '@message': 'x' },
  });
});

it('are read by the local CloudWatch however they are written, as the real one does', () => {
  const line = JSON.stringify({ _aws: METRICS, DegradedMode: 1 });
  expect(readEmf(line)).toHaveLength(1);
  expect(readEmf(`  ${line}`)).toHaveLength(1);
  expect(readEmf(line.replace('_aws', '\\u005faws'))).toHaveLength(1);
  expect(readEmf(`access ${line}`)).toEqual([]);
  expect(readEmf(JSON.stringify([JSON.parse(line)]))).toEqual([]);
});

it('no text of a user makes a metric of a line, or a second line', () => {
  const metric = JSON.stringify({ _aws: METRICS, DegradedMode: 1 });
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(metric, `\n${metric}\n`, `"},${metric.slice(1)}`, `x"}\n${metric}`),
  );
  fc.assert(
    fc.property(text, text, (message, value) => {
      lines = [];
      log('error', message, { error: value, fields: { _aws: METRICS, [value]: value } });
      expect(lines).toHaveLength(1);
      expect(lines[0]?.split('\n')).toHaveLength(2);
      expect(readEmf(lines[0] ?? '')).toEqual([]);
    }),
  );
});
