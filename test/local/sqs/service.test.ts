import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SqsService } from '../../../local/sqs/service.ts';
import { memoryStore, type SqsStore } from '../../../local/sqs/store.ts';

let service: SqsService;
let store: SqsStore;

beforeEach(async () => {
  store = memoryStore();
  service = new SqsService({ store });
  await service.createQueue('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
});

afterEach(() => service.close());

const send = (body: string, groupId = 'g') => service.send('q.fifo', { body, groupId });
const waitFor = (signal?: AbortSignal) =>
  service.receive({ queue: 'q.fifo', maxMessages: 10, waitSeconds: 20, ...(signal && { signal }) });
const bodies = async (receive: ReturnType<typeof waitFor>) => (await receive).map(({ body }) => body);

describe('a receive that waits', () => {
  test('is served by a send, first come first served', async () => {
    const first = waitFor();
    const second = waitFor();
    await send('a', 'g');
    await send('b', 'h');
    expect(await bodies(first)).toEqual(['a']);
    expect(await bodies(second)).toEqual(['b']);
  });

  test('is served when a delete releases its group', async () => {
    await send('a');
    await send('b');
    const [a] = await service.receive({ queue: 'q.fifo' });
    const waiting = waitFor();
    await service.delete('q.fifo', a?.receiptHandle ?? '');
    expect(await bodies(waiting)).toEqual(['b']);
  });

  test('is served when a visibility timeout ends, however it was set', async () => {
    await send('a');
    const [a] = await service.receive({ queue: 'q.fifo', visibilityTimeout: 600 });
    const waiting = waitFor();
    await service.changeVisibility('q.fifo', a?.receiptHandle ?? '', 1);
    expect(await bodies(waiting)).toEqual(['a']);
  });

  test('is served when dead letters come', async () => {
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: await service.queueArn('q.fifo'),
      maxReceiveCount: 1,
    });
    await service.createQueue('source.fifo', { FifoQueue: 'true', RedrivePolicy });
    await service.send('source.fifo', { body: 'a', groupId: 'g', deduplicationId: 'd' });
    await service.receive({ queue: 'source.fifo', visibilityTimeout: 0 });
    const waiting = waitFor();
    expect(await service.receive({ queue: 'source.fifo' })).toEqual([]);
    expect(await bodies(waiting)).toEqual(['a']);
  });

  test('takes nothing once it is aborted, and leaves what comes later to others', async () => {
    const abort = new AbortController();
    const gone = waitFor(abort.signal);
    const next = waitFor();
    abort.abort(new Error('hung up'));
    await send('a');
    await expect(gone).rejects.toThrow('hung up');
    expect(await bodies(next)).toEqual(['a']);
    await expect(waitFor(abort.signal)).rejects.toThrow('hung up');
  });

  test('fails when its queue is deleted', async () => {
    const waiting = [waitFor(), waitFor()];
    await service.deleteQueue('q.fifo');
    for (const each of waiting) await expect(each).rejects.toThrow(/There is no queue "q.fifo"/);
  });

  test('ends with nothing when its time is over, or when the service closes', async () => {
    expect(await service.receive({ queue: 'q.fifo', waitSeconds: 1 })).toEqual([]);
    const waiting = waitFor();
    service.close();
    expect(await waiting).toEqual([]);
  });
});

test('a receive that is aborted while its messages are being stored gives them back, uncounted', async () => {
  await send('a');
  const abort = new AbortController();
  const flush = () => Promise.resolve();
  store.flush = () => {
    abort.abort(new Error('hung up'));
    return flush();
  };
  await expect(waitFor(abort.signal)).rejects.toThrow('hung up');
  store.flush = flush;
  const [a] = await waitFor();
  expect(a).toMatchObject({ body: 'a', receiveCount: 1 });
});

test('an answer comes after the store has what it promises', async () => {
  let stored = (): void => undefined;
  store.flush = () => new Promise((resolve) => (stored = resolve));
  let answered = false;
  const sending = send('a').then(() => (answered = true));
  await sleep(20);
  expect(answered).toBe(false);
  stored();
  await sending;
  store.flush = () => Promise.reject(new Error('disk full'));
  await expect(send('b')).rejects.toThrow('disk full');
});

test('a queue can be named by its name, its URL and its ARN', async () => {
  const names = [
    'q.fifo',
    'http://anything:1/000000000000/q.fifo',
    'arn:aws:sqs:us-east-1:000000000000:q.fifo',
  ];
  for (const name of names) expect(await service.queueArn(name)).toBe(names[2]);
  await expect(service.queueArn('r.fifo')).rejects.toThrow('There is no queue "r.fifo"');
});

test('what was sent to a queue is counted until it is asked for', async () => {
  await send('a');
  await service.sendBatch('https://localhost/000000000000/q.fifo', [
    { id: '1', body: 'b', groupId: 'g' },
    { id: '2', body: 'c', groupId: 'g' },
  ]);
  await expect(send('d', '')).rejects.toThrow();
  expect(service.takeSent('q.fifo')).toBe(3);
  expect(service.takeSent('q.fifo')).toBe(0);
});
