/** The local run's Firehose: what it keeps, and what it refuses. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { answerPutRecordBatch } from '../../../local/firehose/batch-api.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-firehose-'));
afterAll(() => rmSync(directory, { recursive: true }));

const put = async (input: object) => {
  const answer = await answerPutRecordBatch(
    {
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': 'Firehose_20150804.PutRecordBatch' },
      body: Buffer.from(JSON.stringify({ DeliveryStreamName: 'lake', ...input })),
    },
    directory,
    new Set(['lake']),
  );
  return { status: answer?.status, ...(JSON.parse(answer?.body ?? '{}') as Record<string, unknown>) };
};
const record = (text: string) => ({ Data: Buffer.from(text).toString('base64') });

it('keeps records one after another', async () => {
  const answer = await put({ Records: [record('{"a":1}\n'), record('{"b":2}\n')] });
  expect(answer).toMatchObject({ status: 200, FailedPutCount: 0, RequestResponses: [{}, {}] });
  await put({ Records: [record('c\n')] });
  expect(readFileSync(join(directory, 'firehose', 'lake.ndjson'), 'utf8')).toBe('{"a":1}\n{"b":2}\nc\n');
});

it.each([
  [{ DeliveryStreamName: 'other', Records: [record('a')] }, 'ResourceNotFoundException'],
  [{ DeliveryStreamName: undefined, Records: [record('a')] }, 'ValidationException'],
  [{ Records: [] }, 'ValidationException'],
  [{ Records: Array.from({ length: 501 }, () => record('a')) }, 'ValidationException'],
  [{ Records: [record('x'.repeat(1_024_001))] }, 'ValidationException'],
  [{ Records: Array.from({ length: 5 }, () => record('x'.repeat(1_000_000))) }, 'InvalidArgumentException'],
])('refuses %#', async (input, type) => {
  expect(await put(input)).toMatchObject({ status: 400, __type: type });
});
