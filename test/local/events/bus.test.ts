/** The local run's EventBridge: what it puts on a bus, and what it refuses. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { answerEvents } from '../../../local/events/bus.ts';

const directory = mkdtempSync(join(tmpdir(), 'sluice-events-'));
afterAll(() => rmSync(directory, { recursive: true }));

const entry = (Detail: string) => ({
  EventBusName: 'arn:aws:events:us-east-1:000000000000:event-bus/company',
  Source: 'shop',
  DetailType: 'track',
  Detail,
});
const put = async (entries: readonly object[], target = 'AWSEvents.PutEvents') => {
  const answer = await answerEvents(
    {
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': target },
      body: Buffer.from(JSON.stringify({ Entries: entries })),
    },
    directory,
  );
  return answer && { status: answer.status, ...(JSON.parse(answer.body) as Record<string, unknown>) };
};

it('puts each entry on its bus, but for what is no JSON', async () => {
  expect(await put([entry('{"n":1}'), entry('no'), entry('{"n":2}')])).toMatchObject({
    status: 200,
    FailedEntryCount: 1,
    Entries: [
      { EventId: expect.any(String) },
      { ErrorCode: 'MalformedDetail' },
      { EventId: expect.any(String) },
    ],
  });
  const lines = readFileSync(join(directory, 'eventbridge', 'company.ndjson'), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { source: 'shop', 'detail-type': 'track', detail: { n: 1 } },
    { detail: { n: 2 } },
  ]);
});

it.each([
  ['no entry', []],
  ['eleven entries', Array.from({ length: 11 }, () => entry('{}'))],
  ['more than 256 KB', [entry(JSON.stringify({ text: 'x'.repeat(262_144) }))]],
])('refuses a call with %s', async (_, entries) => {
  expect(await put(entries)).toMatchObject({ status: 400, __type: 'ValidationException' });
});

it('leaves other calls to other services', async () => {
  expect(await put([], 'AWSEvents.PutRule')).toBeUndefined();
});
