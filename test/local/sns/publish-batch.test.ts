/** The local run's PublishBatch, as the SDK's client sees it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublishBatchCommand, SNSClient, type PublishBatchRequestEntry } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DestinationTopics } from '../../../local/sns/topics.ts';
import type { Listening } from '../../../local/common/http.ts';
import { clientOptions, startTestApi } from '../run/test-api.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-topics-'));
const arnOf = (name: string): string => `arn:aws:sns:us-east-1:000000000000:${name}`;
let now = 0;
let api: Listening;
let client: SNSClient;
beforeAll(async () => {
  const topics = new DestinationTopics(directory, () => now);
  topics.deploy(['orders.fifo', 'news']);
  api = await startTestApi({ topics });
  client = new SNSClient(clientOptions(api));
});
afterAll(async () => {
  client.destroy();
  await api.close();
  rmSync(directory, { recursive: true });
});

const publish = (name: string, entries: readonly PublishBatchRequestEntry[]) =>
  client.send(new PublishBatchCommand({ TopicArn: arnOf(name), PublishBatchRequestEntries: [...entries] }));
const lines = (name: string): readonly Record<string, unknown>[] =>
  readFileSync(join(directory, 'topics', `${name}.ndjson`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const fifo = (id: string, deduplication: string): PublishBatchRequestEntry => ({
  Id: id,
  Message: `{"id":"${id}"}`,
  MessageGroupId: 'ada',
  MessageDeduplicationId: deduplication,
});

it('keeps what is published, with its attributes', async () => {
  const MessageAttributes = { type: { DataType: 'String', StringValue: 'track' } };
  const { Successful = [], Failed = [] } = await publish('news', [
    { Id: '0', Message: 'a <&> é', MessageAttributes },
    { Id: '1', Message: 'b' },
  ]);
  expect([Successful.map(({ Id }) => Id), Failed]).toEqual([['0', '1'], []]);
  expect(lines('news')).toMatchObject([
    { message: 'a <&> é', attributes: { type: { Type: 'String', Value: 'track' } } },
    { message: 'b', attributes: {} },
  ]);
});

it('a FIFO topic drops a repetition within five minutes', async () => {
  const first = await publish('orders.fifo', [fifo('0', 'd1'), fifo('1', 'd2')]);
  const again = await publish('orders.fifo', [fifo('9', 'd1')]);
  expect(again.Successful?.[0]?.MessageId).toBe(first.Successful?.[0]?.MessageId);
  expect(lines('orders.fifo').map(({ deduplicationId }) => deduplicationId)).toEqual(['d1', 'd2']);
  now += 5 * 60_000;
  await publish('orders.fifo', [fifo('0', 'd1')]);
  expect(lines('orders.fifo')).toHaveLength(3);
});

it.each([
  ['other', [{ Id: '0', Message: 'a' }], 'NotFoundException'],
  ['orders.fifo', [{ Id: '0', Message: 'a' }], 'InvalidParameterException'],
  ['news', [0, 1].map(() => ({ Id: '0', Message: 'a' })), 'BatchEntryIdsNotDistinctException'],
  ['news', ['0', '1'].map((Id) => ({ Id, Message: 'x'.repeat(131_073) })), 'BatchRequestTooLongException'],
  [
    'news',
    Array.from({ length: 11 }, (_, i) => ({ Id: `${i}`, Message: 'a' })),
    'TooManyEntriesInBatchRequestException',
  ],
])('%s refuses as SNS does: %#', async (name, entries, error) => {
  await expect(publish(name, entries)).rejects.toMatchObject({ name: error });
});
