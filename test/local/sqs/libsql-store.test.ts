import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Database from 'libsql';
import { LibsqlStore } from '../../../local/sqs/libsql-store.ts';
import { SqsService } from '../../../local/sqs/service.ts';

let directory: string;
let file: string;
const open: SqsService[] = [];

const start = (): SqsService => {
  const service = new SqsService({ store: new LibsqlStore(file) });
  open.push(service);
  return service;
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-sqs-'));
  file = join(directory, 'queues.db');
});

afterEach(() => {
  for (const service of open.splice(0)) service.close();
  rmSync(directory, { recursive: true });
});

const stop = (service: SqsService): void => {
  open.splice(open.indexOf(service), 1);
  service.close();
};

describe('over a restart', () => {
  test('messages keep everything they had, and queues their attributes', async () => {
    const before = start();
    await before.createQueue('dead.fifo', { FifoQueue: 'true' });
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: await before.queueArn('dead.fifo'),
      maxReceiveCount: 1,
    });
    await before.createQueue('q.fifo', { FifoQueue: 'true', RedrivePolicy, VisibilityTimeout: '7' });
    const entry = {
      body: 'ä "quoted" \u{1f600}\n',
      groupId: 'g',
      deduplicationId: 'd',
      attributes: { kind: { dataType: 'String', stringValue: 'x' } },
      traceHeader: 'Root=1-2-3',
    };
    const sent = await before.send('q.fifo', entry);
    const handle = (await before.receive({ queue: 'q.fifo' }))[0]?.receiptHandle ?? '';
    await before.changeVisibility('q.fifo', handle, 0);
    expect(await before.receive({ queue: 'q.fifo' })).toEqual([]);
    const [expected] = await before.receive({ queue: 'dead.fifo', visibilityTimeout: 600 });
    const attributes = await before.getQueueAttributes('q.fifo');
    stop(before);

    const after = start();
    expect(await after.getQueueAttributes('q.fifo')).toEqual(attributes);
    expect(await after.counts('dead.fifo')).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    expect(await after.send('q.fifo', entry)).toEqual(sent);
    await after.releaseInFlight();
    const [again] = await after.receive({ queue: 'dead.fifo' });
    expect(again).toEqual({
      ...expected,
      receiveCount: 3,
      receiptHandle: expected?.receiptHandle.replace(/^\d+/, '3'),
    });
    expect(again).toMatchObject({ ...entry, deduplicationId: sent.messageId, messageId: sent.messageId });
  });

  test('what was deleted stays deleted: messages, a purged queue, a deleted queue', async () => {
    const before = start();
    for (const queue of ['kept', 'purged', 'deleted']) {
      await before.createQueue(queue);
      await before.send(queue, { body: 'a' });
      await before.send(queue, { body: 'b' });
    }
    const [received] = await before.receive({ queue: 'kept' });
    await before.delete('kept', received?.receiptHandle ?? '');
    await before.purgeQueue('purged');
    await before.deleteQueue('deleted');
    stop(before);

    const after = start();
    expect(await after.listQueues()).toEqual(['kept', 'purged']);
    expect((await after.receive({ queue: 'kept', maxMessages: 10 })).map(({ body }) => body)).toEqual(['b']);
    expect((await after.counts('purged')).visible).toBe(0);
    await after.createQueue('deleted');
    expect((await after.counts('deleted')).visible).toBe(0);
  });
});

test('kill -9: every message that was answered is there, in order, once, and its duplicate is refused', async () => {
  const script = join(import.meta.dirname, 'sender-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const answered = new Map<string, string>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [body = '', messageId = ''] = line.split(' ');
    answered.set(body, messageId);
    if (answered.size === 1000) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');

  const service = start();
  for (const [body, messageId] of answered) {
    const groupId = `g${Number(body) % 8}`;
    expect((await service.send('q.fifo', { body, groupId, deduplicationId: body })).messageId).toBe(
      messageId,
    );
  }
  expect((await service.counts('q.fifo')).inFlight).toBeGreaterThan(0);
  await service.releaseInFlight();
  const found: string[] = [];
  for (;;) {
    const batch = await service.receive({ queue: 'q.fifo', maxMessages: 10 });
    if (batch.length === 0) break;
    found.push(...batch.map(({ body }) => body));
    await service.deleteBatch(
      'q.fifo',
      batch.map(({ receiptHandle }, index) => ({ id: String(index), receiptHandle })),
    );
  }
  expect(new Set(found).size).toBe(found.length);
  expect(found).toEqual(expect.arrayContaining([...answered.keys()]));
  for (let group = 0; group < 8; group += 1) {
    const own = found.map(Number).filter((number) => number % 8 === group);
    expect(own).toEqual([...own].sort((a, b) => a - b));
  }
});

/** A write of a message takes some hundred milliseconds from now on, as on a disk that is slow. */
const slowDown = (): void => {
  const db = new Database(file);
  db.exec(`create trigger slow before insert on messages begin
    select count(*) from (with recursive n(i) as (select 1 union all select i + 1 from n where i < 500000) select i from n); end`);
  db.close();
};

describe('a transaction', () => {
  test('holds up nothing but those who wait for it', async () => {
    const service = start();
    await service.createQueue('q');
    slowDown();
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    const began = performance.now();
    await service.send('q', { body: 'a' });
    clearInterval(counting);
    // Were it written here, no timer would run before it is finished.
    expect(turns).toBeGreaterThan((performance.now() - began) / 20);
    expect(turns).toBeGreaterThan(3);
  });

  test('has all that was noted, in any queue, while the one before it was written', async () => {
    const service = start();
    for (const queue of ['a', 'b', 'c']) await service.createQueue(queue);
    slowDown();
    const ended: string[] = [];
    const send = async (queue: string): Promise<void> => {
      await service.send(queue, { body: queue });
      ended.push(queue);
    };
    const first = send('a');
    await nextTurn();
    await nextTurn();
    const others = ['a', 'b', 'c'].map(send);
    await first;
    expect(ended).toEqual(['a']);
    await Promise.race(others);
    await Promise.resolve();
    expect(ended).toHaveLength(4);
  });

  test('is finished, with all that is noted after it, when the store is closed', async () => {
    const before = start();
    await before.createQueue('q');
    slowDown();
    const answers = [before.send('q', { body: 'under way' })];
    await nextTurn();
    await nextTurn();
    answers.push(before.send('q', { body: 'noted' }));
    stop(before);
    expect(await start().counts('q')).toMatchObject({ visible: 2 });
    await Promise.all(answers);
  });
});

describe('clear errors', () => {
  test('for a file that another run has open', () => {
    start();
    expect(() => new LibsqlStore(file)).toThrow(
      /queues\.db: another process uses it; stop the other local run/,
    );
  });

  test('for a file that is no database', () => {
    writeFileSync(
      file,
      'something else entirely, and long enough to be taken for a header of a hundred bytes '.repeat(9),
    );
    expect(() => new LibsqlStore(file)).toThrow(
      /cannot open the queues' file .*queues\.db: .*not a database/,
    );
  });

  test('when a write fails: the send is refused, and so is everything after it', async () => {
    const setUp = start();
    await setUp.createQueue('q.fifo', { FifoQueue: 'true' });
    stop(setUp);
    const db = new Database(file);
    // The thread of the service that was stopped lets go of the file a moment later.
    db.exec('pragma busy_timeout = 5000');
    db.exec("create trigger full before insert on messages begin select raise(abort, 'disk full'); end");
    db.close();

    const service = start();
    const send = (): Promise<unknown> =>
      service.send('q.fifo', { body: 'a', groupId: 'g', deduplicationId: 'd' });
    await expect(send()).rejects.toThrow(/could not be written to disk/);
    // As a duplicate it would be answered without a write: but the first one is not on disk.
    await expect(send()).rejects.toThrow(/could not be written to disk/);
  });
});
