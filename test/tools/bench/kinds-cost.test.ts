/** What one destination, the archive and a replay cost, of counted calls; and in which units a call is counted. */
import { describe, expect, it } from '@jest/globals';
import type { CallCount, Counts } from '../../../tools/bench/calls/counts.ts';
import { costOfKind, costOfReplay, isOfStage } from '../../../tools/bench/calls/kinds-cost.ts';
import { PRICES } from '../../../tools/bench/calls/prices.ts';
import type { Billed } from '../../../tools/bench/calls/template.ts';

const CLICKS = 'PipelineDestinationclicksFunctionHandler1';
const ARCHIVE = 'PipelineDestinationarchiveFunctionHandler1';
const BILLED: Billed = {
  functions: [
    { name: CLICKS, memoryMb: 512, isPolled: true },
    { name: 'control', memoryMb: 1_024, isPolled: false },
  ],
  control: 'control',
  polledQueues: 2,
  alarmMetrics: 0,
  highResolutionAlarmMetrics: 0,
  compositeAlarms: 0,
  accessLogBytes: 0,
  logRetentionDays: 30,
  logsSuccesses: true,
};

const call = (functionName: string, service: string, operation: string, more: Partial<CallCount> = {}) => ({
  ...{ functionName, service, operation, calls: 1_000, requests: 1_000, reads: 0, writes: 0, bytes: 0 },
  ...more,
});
const counts = (calls: readonly CallCount[], functions: Counts['functions'] = []): Counts => ({
  calls,
  functions,
  metrics: [],
});
const ran = (name: string, durations: readonly number[]) => ({
  ...{ name, durations, invocations: durations.length, logBytes: 0, logLines: 0 },
});
/** Of an invocation's own lines, as `calls.test.ts` has it. */
const LOGS = (invocations: number): number =>
  ((invocations * (88 + 56 + 190 + 3 * 26)) / 2 ** 30) * (0.5 + 0.15 * 0.03);

describe('a destination', () => {
  it('is charged what the router sends to it and what its function does, and nothing of the others', () => {
    const counted = counts(
      [
        call('router', 'sqs', 'SendMessageBatch', { to: 'to-clicks.fifo' }),
        call('router', 'sqs', 'SendMessageBatch', { to: 'to-archive.fifo' }),
        call('router', 'dynamodb', 'BatchGetItem', { reads: 1_000 }),
        call(CLICKS, 'dynamodb', 'BatchGetItem', { reads: 500 }),
        call(CLICKS, 'kinesis', 'PutRecord', { requests: 2_000 }),
        call(ARCHIVE, 'firehose', 'PutRecord'),
      ],
      [ran(CLICKS, [9.2, 9.8, 400]), ran(ARCHIVE, [1]), ran('control', [1])],
    );
    const { stage, service } = costOfKind({ id: 'clicks', events: 1_000, counts: counted }, BILLED, PRICES);
    const lambda = 3 * 0.2e-6 + 3 * 0.01 * 0.5 * 0.0000133334;
    const expected = 1_006 * 0.5e-6 + 500 * 0.125e-6 + lambda + LOGS(3);
    expect(stage).toBeCloseTo(expected * 1_000, 6);
    expect(service).toBeCloseTo(2_000 * 0.014e-6 * 1_000, 9);
  });

  it.each([
    ['sqs', 'SendMessageBatch', {}, 0.5],
    ['sns', 'PublishBatch', { bytes: 2 ** 20 }, 0.3 + (0.017 / 1_024) * 1_000],
    ['firehose', 'PutRecordBatch', {}, ((5 * 1_024) / 2 ** 30) * 0.029 * 1e6],
    ['eventbridge', 'PutEvents', {}, 1],
    ['lambda', 'Invoke', {}, 0.2],
    ['s3', 'PutObject', {}, 5],
  ])('of %s pays for %s', (service, operation, more, usd) => {
    const counted = counts([call(CLICKS, service, operation, more)]);
    const row = costOfKind({ id: 'clicks', events: 1_000, counts: counted }, BILLED, PRICES);
    expect(row.service).toBeCloseTo(usd, 6);
    expect(row.stage).toBe(0);
  });

  it('of HTTP pays for what leaves AWS; the archive for what is kept', () => {
    const more = { egressBytes: 2 ** 20, archivedBytes: 2 ** 20 };
    const row = costOfKind({ id: 'clicks', events: 1_000, counts: counts([]), ...more }, BILLED, PRICES);
    expect(row).toEqual({ stage: 0, service: (0.09 / 1_024) * 1_000, kept: (0.023 / 1_024) * 1_000 });
  });

  it.each([
    'to-s3.fifo',
    'EventsDestinations3FunctionHandler1',
    'shop-to-s3.fifo',
    'Destination-s3-Function',
  ])('is found by its name in %s', (name) => {
    expect([isOfStage('s3')(name), isOfStage('s')(name)]).toEqual([true, false]);
  });
});

it("a replay is charged control's time as it was, the files, and the drain of its destination alone", () => {
  const counted = counts(
    [
      call('control', 's3', 'GetObject', { requests: 10 }),
      call('control', 's3', 'ListObjectsV2', { requests: 1 }),
      call('control', 'dynamodb', 'TransactWriteItems', { writes: 2_000 }),
      call(CLICKS, 'dynamodb', 'BatchWriteItem', { writes: 1_000 }),
      call('router', 'dynamodb', 'BatchGetItem', { reads: 1_000 }),
      call(ARCHIVE, 'firehose', 'PutRecord'),
    ],
    [ran('control', [100, 3_000.5]), ran(CLICKS, [10])],
  );
  const { stage, service } = costOfReplay({ id: 'clicks', events: 1_000, counts: counted }, BILLED, PRICES);
  const lambda = 3 * 0.2e-6 + (3.101 + 0.01 * 0.5) * 0.0000133334;
  expect(stage).toBeCloseTo((3_000 * 0.625e-6 + lambda + LOGS(3)) * 1_000, 6);
  expect(service).toBeCloseTo((10 * 0.4e-6 + 5e-6) * 1_000, 9);
});

describe('the units of a call', () => {
  interface Billing {
    operationOf: (request: object, text: string) => readonly [string, string];
    billedOf: (call: readonly [string, string], body: object) => CallCount;
  }
  const units = async (headers: object, request: object, body: unknown) => {
    const name = '../../../tools/bench/calls/units.mjs';
    const { billedOf, operationOf } = (await import(name)) as Billing;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const called = operationOf({ headers, method: 'POST', url: '/', ...request }, text);
    const input: unknown = typeof body === 'string' ? {} : body;
    const { requests, bytes } = billedOf(called, { text, input, answerBytes: 0 });
    return { called: called.join(' '), requests, ...(called[0] === 'sns' ? { bytes } : {}) };
  };
  const target = (name: string) => ({ 'x-amz-target': name });
  const data = (bytes: number) => Buffer.alloc(bytes).toString('base64');

  it.each([
    ['Kinesis_20131202.PutRecord', { Data: data(25 * 1_024 + 1) }, 'kinesis PutRecord', 2],
    ['Firehose_20150804.PutRecord', { Record: { Data: data(5 * 1_024 + 1) } }, 'firehose PutRecord', 2],
    [
      'Firehose_20150804.PutRecordBatch',
      { Records: [{ Data: data(1) }, { Data: data(1) }] },
      'firehose PutRecordBatch',
      2,
    ],
    [
      'AWSEvents.PutEvents',
      { Entries: [{ Detail: 'x' }, { Detail: 'x'.repeat(65_537) }] },
      'eventbridge PutEvents',
      3,
    ],
    [
      'AmazonSQS.SendMessageBatch',
      { Entries: [{ MessageBody: 'x' }, { MessageBody: 'x'.repeat(65_536) }] },
      'sqs SendMessageBatch',
      2,
    ],
  ])('%s', async (name, body, called, requests) => {
    expect(await units(target(name), {}, body)).toEqual({ called, requests });
  });

  it('SNS: each message, without the form around it', async () => {
    const entry = 'PublishBatchRequestEntries.member.';
    const form = new URLSearchParams({
      Action: 'PublishBatch',
      [`${entry}1.Message`]: '{"a":1}',
      [`${entry}1.MessageGroupId`]: 'ada',
      [`${entry}2.Message`]: 'ü',
    });
    expect(await units({}, {}, form.toString())).toEqual({
      called: 'sns PublishBatch',
      requests: 2,
      bytes: 9,
    });
  });

  it.each([
    ['PUT', '/lake/events/1.gz', 's3 PutObject'],
    ['GET', '/lake/events/1.gz', 's3 GetObject'],
    ['GET', '/lake?list-type=2&prefix=events', 's3 ListObjectsV2'],
    ['POST', '/2015-03-31/functions/enrich/invocations', 'lambda Invoke'],
    ['GET', '/2015-03-31/event-source-mappings/1', 'lambda GetEventSourceMapping'],
  ])('%s %s', async (method, url, called) => {
    expect(await units({}, { method, url }, '')).toEqual({ called, requests: 1 });
  });
});
