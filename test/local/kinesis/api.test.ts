/** The local run's Kinesis: what it takes, in which order it keeps it, and what it refuses. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { answerKinesis } from '../../../local/kinesis/api.ts';
import { KinesisService } from '../../../local/kinesis/service.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-kinesis-'));
afterAll(() => rmSync(directory, { recursive: true }));

let kinesis: KinesisService;
beforeEach(() => {
  kinesis = new KinesisService(directory);
  kinesis.deploy(['clicks']);
});

const put = async (input: object, target = 'Kinesis_20131202.PutRecord') => {
  const answer = await answerKinesis(
    {
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': target },
      body: Buffer.from(
        JSON.stringify({
          StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
          PartitionKey: 'ada',
          Data: Buffer.from('text').toString('base64'),
          ...input,
        }),
      ),
    },
    kinesis,
  );
  return answer && { status: answer.status, ...(JSON.parse(answer.body) as Record<string, unknown>) };
};

it('keeps records in the order of their sequence numbers, also of a later run', async () => {
  const ids = Array.from({ length: 20 }, (_, i) => `e${i}`);
  await Promise.all(ids.map((id) => put({ Data: Buffer.from(id).toString('base64') })));
  kinesis = new KinesisService(directory);
  kinesis.deploy(['clicks']);
  await new Promise((done) => setTimeout(done, 2));
  await put({ Data: Buffer.from('later').toString('base64') });
  const lines = readFileSync(join(directory, 'kinesis', 'clicks.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { data: string; sequenceNumber: string });
  expect(lines.map(({ data }) => data)).toEqual([...ids, 'later']);
  const numbers = lines.map(({ sequenceNumber }) => sequenceNumber);
  expect(numbers).toEqual([...numbers].sort());
  expect(new Set(numbers).size).toBe(21);
});

describe('refuses as Kinesis does', () => {
  it.each([
    [{ PartitionKey: '' }, 'ValidationException'],
    [{ PartitionKey: 'x'.repeat(257) }, 'ValidationException'],
    [{ Data: undefined }, 'ValidationException'],
    [{ StreamARN: undefined }, 'ValidationException'],
    [{ SequenceNumberForOrdering: 'first' }, 'InvalidArgumentException'],
    [{ StreamARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/other' }, 'ResourceNotFoundException'],
  ])('%j: %s', async (input, name) => {
    expect(await put(input)).toMatchObject({ status: 400, __type: name });
  });

  it('a record of more than 1 MiB, partition key included', async () => {
    const of = (bytes: number) => put({ Data: Buffer.alloc(bytes).toString('base64') });
    expect(await of(1_048_576 - 3)).toMatchObject({ status: 200 });
    expect(await of(1_048_576 - 2)).toMatchObject({ status: 400, __type: 'ValidationException' });
  });
});

it('leaves other calls to other services', async () => {
  expect(await put({}, 'secretsmanager.GetSecretValue')).toBeUndefined();
});
