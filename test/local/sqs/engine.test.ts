import { describe, expect, test } from '@jest/globals';
import { Bench, DAY, FIFO, MINUTE, SECOND, send, START, withQueue } from './test-bench.ts';

describe('deduplication', () => {
  const message = { body: 'a', groupId: 'g', deduplicationId: 'd' };

  test('lasts 5 minutes from the first send, over the deletion of the message and over a restart', () => {
    const bench = withQueue();
    const first = bench.engine.send('q.fifo', message);
    const [received] = bench.engine.receive('q.fifo');
    bench.engine.delete('q.fifo', received?.receiptHandle ?? '');
    bench.pass(5 * MINUTE - 1);
    bench.restart();
    expect(bench.engine.send('q.fifo', message)).toEqual(first);
    expect(bench.bodies('q.fifo')).toEqual([]);
    bench.pass(1);
    expect(bench.engine.send('q.fifo', message)).not.toEqual(first);
    expect(bench.bodies('q.fifo')).toEqual(['a']);
  });

  test('a change of the scope applies to the ids that are remembered already', () => {
    const bench = withQueue();
    const first = bench.engine.send('q.fifo', message);
    expect(bench.engine.send('q.fifo', { ...message, groupId: 'h' })).toEqual(first);
    bench.engine.setQueueAttributes('q.fifo', { DeduplicationScope: 'messageGroup' });
    expect(bench.engine.send('q.fifo', { ...message, groupId: 'h' })).not.toEqual(first);
    expect(bench.engine.send('q.fifo', message)).toEqual(first);
  });
});

describe('groups', () => {
  test('take turns: one that is released goes to the end of the line', () => {
    const bench = withQueue();
    send(bench.engine, 'a', 'a1', 'a2');
    send(bench.engine, 'b', 'b1', 'b2');
    const [first] = bench.engine.receive('q.fifo');
    bench.engine.delete('q.fifo', first?.receiptHandle ?? '');
    expect(bench.bodies('q.fifo', 1)).toEqual(['b1']);
    expect(bench.bodies('q.fifo', 1)).toEqual(['a2']);
  });

  test('are handed out up to the first hidden message, never past it', () => {
    const bench = withQueue();
    send(bench.engine, 'g', 'a', 'b', 'c');
    const [, b] = bench.engine.receive('q.fifo', { maxMessages: 10, visibilityTimeout: 1 });
    bench.engine.changeVisibility('q.fifo', b?.receiptHandle ?? '', 60);
    bench.pass(SECOND);
    expect(bench.bodies('q.fifo')).toEqual(['a']);
    expect(bench.engine.counts('q.fifo')).toEqual({ visible: 1, inFlight: 2, delayed: 0 });
  });

  test('a FIFO queue with too many messages in flight hands out nothing; a standard one says OverLimit', () => {
    const bench = new Bench({ maxInFlight: 3 });
    bench.engine.createQueue('q.fifo', FIFO);
    bench.engine.createQueue('plain');
    for (const group of ['a', 'b', 'c', 'd']) {
      send(bench.engine, group, group);
      bench.engine.send('plain', { body: group });
    }
    expect(bench.bodies('q.fifo')).toEqual(['a', 'b', 'c']);
    expect(bench.bodies('q.fifo')).toEqual([]);
    expect(bench.bodies('plain')).toHaveLength(3);
    expect(() => bench.engine.receive('plain')).toThrow(/too many messages in flight/);
  });
});

describe('receive attempts', () => {
  const attempt = { maxMessages: 10, attemptId: 'try-1' };

  test('the same id gives the same messages and handles, and counts once, until something is changed', () => {
    const bench = withQueue();
    send(bench.engine, 'g', 'a', 'b');
    const first = bench.engine.receive('q.fifo', attempt);
    bench.pass(20 * SECOND);
    const again = bench.engine.receive('q.fifo', attempt);
    expect(again).toEqual(first);
    bench.pass(20 * SECOND);
    expect(bench.engine.counts('q.fifo').inFlight).toBe(2);
    bench.engine.delete('q.fifo', first[0]?.receiptHandle ?? '');
    expect(bench.engine.receive('q.fifo', attempt)).toEqual([]);
  });

  test('after the visibility timeout, and after 5 minutes, it is a new receive', () => {
    const bench = withQueue();
    send(bench.engine, 'g', 'a');
    bench.engine.receive('q.fifo', attempt);
    bench.pass(30 * SECOND);
    expect(bench.engine.receive('q.fifo', { ...attempt, visibilityTimeout: 600 })[0]?.receiveCount).toBe(2);
    bench.pass(5 * MINUTE);
    expect(bench.engine.receive('q.fifo', attempt)).toEqual([]);
  });
});

describe('dead letters', () => {
  const withDeadLetters = (fifo: boolean): Bench => {
    const bench = new Bench();
    const kind = fifo ? FIFO : {};
    const suffix = fifo ? '.fifo' : '';
    bench.engine.createQueue(`dead${suffix}`, kind);
    const deadLetterTargetArn = bench.engine.queueArn(`dead${suffix}`);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
    bench.engine.createQueue(`q${suffix}`, { ...kind, RedrivePolicy });
    return bench;
  };

  test('from a FIFO queue arrive with a new time and the message id as deduplication id', () => {
    const bench = withDeadLetters(true);
    send(bench.engine, 'g', 'a', 'b');
    const [a] = bench.engine.receive('q.fifo');
    bench.pass(30 * SECOND);
    expect(bench.bodies('q.fifo')).toEqual(['b']);
    bench.restart();
    const [dead] = bench.engine.receive('dead.fifo');
    expect(dead).toMatchObject({
      messageId: a?.messageId,
      groupId: 'g',
      deduplicationId: a?.messageId,
      sentAt: START + 30 * SECOND,
      firstReceivedAt: START,
      receiveCount: 2,
      deadLetterSourceArn: bench.engine.queueArn('q.fifo'),
    });
    expect(() => bench.engine.delete('dead.fifo', a?.receiptHandle ?? '')).toThrow(/not a receipt handle/);
  });

  test('from a standard queue keep their age', () => {
    const bench = withDeadLetters(false);
    bench.engine.send('q', { body: 'a' });
    bench.engine.receive('q');
    bench.pass(DAY);
    bench.engine.send('dead', { body: 'younger' });
    expect(bench.bodies('q')).toEqual([]);
    bench.pass(3 * DAY);
    expect(bench.bodies('dead')).toEqual(['younger']);
  });

  test('stay in their queue while the dead-letter queue does not exist', () => {
    const bench = withDeadLetters(true);
    send(bench.engine, 'g', 'a');
    bench.engine.deleteQueue('dead.fifo');
    bench.engine.receive('q.fifo');
    bench.pass(30 * SECOND);
    expect(bench.bodies('q.fifo')).toEqual(['a']);
  });

  test('move back oldest first as new messages; a group whose head is in flight stays', () => {
    const bench = withDeadLetters(true);
    send(bench.engine, 'g', 'g1', 'g2');
    send(bench.engine, 'h', 'h1', 'h2');
    bench.engine.receive('q.fifo', { maxMessages: 10 });
    bench.pass(30 * SECOND);
    expect(bench.bodies('q.fifo')).toEqual([]);
    const [held] = bench.engine.receive('dead.fifo');
    const task = bench.engine.startMessageMoveTask(bench.engine.queueArn('dead.fifo'));
    expect(task).toMatchObject({ moved: 2, left: 2 });
    const back = bench.engine.receive('q.fifo', { maxMessages: 10 });
    expect(back.map(({ body, receiveCount }) => [body, receiveCount])).toEqual([
      ['h1', 1],
      ['h2', 1],
    ]);
    expect(held?.body).toBe('g1');
    expect(bench.engine.listMessageMoveTasks(task.sourceArn)).toEqual([task]);
    expect(() => bench.engine.startMessageMoveTask(bench.engine.queueArn('q.fifo'))).toThrow(
      /q.fifo is not the dead-letter queue of any other/,
    );
  });
});

describe('a start after which all consumers are dead', () => {
  test('makes what was in flight visible, in order, and keeps the receive counts', () => {
    const bench = withQueue();
    send(bench.engine, 'g', 'a', 'b', 'c');
    const [before] = bench.engine.receive('q.fifo', { maxMessages: 2 });
    bench.restart();
    expect(bench.bodies('q.fifo')).toEqual([]);
    bench.engine.releaseInFlight();
    bench.restart();
    const received = bench.engine.receive('q.fifo', { maxMessages: 10 });
    expect(received.map(({ body, receiveCount }) => [body, receiveCount])).toEqual([
      ['a', 2],
      ['b', 2],
      ['c', 1],
    ]);
    expect(() => bench.engine.delete('q.fifo', before?.receiptHandle ?? '')).toThrow(/has expired/);
  });

  test('continues the sequence numbers, even of a queue that is empty or was created again', () => {
    const bench = withQueue();
    const numbers: (string | undefined)[] = [];
    const next = (body: string): void => {
      const sent = bench.engine.send('q.fifo', { body, groupId: 'g', deduplicationId: body });
      numbers.push(sent.sequenceNumber);
    };
    next('a');
    bench.engine.purgeQueue('q.fifo');
    bench.restart();
    next('b');
    bench.pass(MINUTE);
    bench.engine.deleteQueue('q.fifo');
    bench.engine.createQueue('q.fifo', FIFO);
    next('c');
    expect(new Set(numbers).size).toBe(3);
    expect([...numbers].sort()).toEqual(numbers);
    expect(numbers[0]).toMatch(/^\d{20}$/);
  });
});
