/** A stage's function reports the keys that are behind. */
import { beforeEach, expect, it } from '@jest/globals';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { DEAD_ARN, NOW, record, StageFunction } from './world.ts';

let stage: StageFunction;
beforeEach(() => {
  stage = new StageFunction();
});

/** Batches of the kiosk's, one message a second, sent an hour ago, with another user's message in each. */
const batches = (arn?: string) =>
  [0, 1, 2].map((n) => ({
    Records: [0, 1, 2, 3].map((m) => {
      const i = n * 3 + m;
      const made = record(`m${n}-${m}`, m === 3 ? `user-${n}` : 'kiosk', arn === undefined ? {} : { arn });
      const SentTimestamp = String(NOW - 3_600_000 + i * 1_000);
      const SequenceNumber = `1888000000000000000${i}`;
      return { ...made, attributes: { ...made.attributes, SentTimestamp, SequenceNumber } };
    }),
  }));

it('once it has seen enough of a key, with its backlog and its delay', async () => {
  const invoke = stage.start();
  const [first, second, third] = batches();
  await invoke(first);
  await invoke(second);
  expect(await stage.hotKeys.readHotKeys(['crm'])).toEqual(new Map([['crm', []]]));
  await invoke(third);
  const reports = (await stage.hotKeys.readHotKeys(['crm'])).get('crm') ?? [];
  expect(reports).toMatchObject([{ key: 'kiosk', age: 3_592_000, at: NOW }]);
  // Nine messages in eight seconds, and an hour behind.
  expect(reports[0]?.backlog).toBe(Math.round((9 / 8) * 3_592));
});

it('dead letters say nothing of the queue', async () => {
  const invoke = stage.start();
  for (const batch of batches(DEAD_ARN)) await invoke(batch);
  expect(await stage.hotKeys.readHotKeys(['crm'])).toEqual(new Map([['crm', []]]));
});

it('a report that cannot be stored costs nothing but a line of the log', async () => {
  stage.change({
    hotKeys: {
      saveHotKeys: () => Promise.reject(new InfraFault('PutItem failed')),
      readHotKeys: () => Promise.resolve(new Map()),
    },
  });
  const invoke = stage.start();
  for (const batch of batches()) expect(await invoke(batch)).toEqual({ batchItemFailures: [] });
  expect(stage.processed).toHaveLength(12);
  expect(JSON.stringify(stage.lines)).toContain('report the keys with the largest backlogs');
});

it('in a long queue, a key with a large backlog is parked, and the others are processed', async () => {
  stage.change({ queueLength: () => Promise.resolve(60_000) });
  const invoke = stage.start();
  for (const batch of batches()) expect(await invoke(batch)).toEqual({ batchItemFailures: [] });
  expect(stage.parking.keys('crm')).toEqual(['kiosk']);
  expect(stage.parking.messages('crm', 'kiosk').map(({ id }) => id)).toEqual(['m2-0', 'm2-1', 'm2-2']);
  expect(stage.processed).toContain('m2-3');
});

it('a length that cannot be read counts as short, and costs nothing but a line of the log', async () => {
  stage.change({ queueLength: () => Promise.reject(new InfraFault('GetQueueAttributes failed')) });
  const invoke = stage.start();
  for (const batch of batches()) await invoke(batch);
  expect(stage.processed).toHaveLength(12);
  expect(stage.lines.filter((line) => JSON.stringify(line).includes('read the length'))).toHaveLength(1);
});
