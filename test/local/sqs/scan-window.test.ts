/** A FIFO queue looks for groups in its oldest messages only: one group's backlog can hide all others. */
import { beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Bench, MINUTE } from './test-bench.ts';

const QUEUE = 'q.fifo';
const WINDOW = 5;
const FIFO = { FifoQueue: 'true', VisibilityTimeout: '30' };

let bench: Bench;
beforeEach(() => {
  bench = new Bench({ scanWindow: WINDOW });
  bench.engine.createQueue(QUEUE, FIFO);
});

const send = (group: string, ...bodies: string[]): void => {
  for (const body of bodies) bench.engine.send(QUEUE, { groupId: group, deduplicationId: body, body });
};
const receive = (maxMessages = 1) => bench.engine.receive(QUEUE, { maxMessages });
const deleteAll = (received: ReturnType<typeof receive>): void => {
  for (const { receiptHandle } of received) bench.engine.delete(QUEUE, receiptHandle);
};

test('behind a backlog as long as the window, whose head is in flight, nothing is received', () => {
  send('hot', 'h1', 'h2', 'h3', 'h4', 'h5');
  send('other', 'o1');
  const head = receive();
  expect(head.map(({ body }) => body)).toEqual(['h1']);
  expect(bench.engine.hasAvailable(QUEUE)).toBe(false);
  expect(receive()).toEqual([]);
});

test('a deleted message lets the next one into the window, and its group is announced', () => {
  send('hot', 'h1', 'h2', 'h3', 'h4', 'h5');
  send('other', 'o1', 'o2');
  const announced: string[] = [];
  const head = receive();
  bench.engine.onAvailable((queue) => announced.push(queue));
  deleteAll(head);
  expect(announced).toContain(QUEUE);
  expect(bench.bodies(QUEUE)).toEqual(['h2', 'h3', 'h4', 'h5', 'o1', 'o2']);
});

test('a message in flight counts in the window', () => {
  send('hot', 'h1', 'h2', 'h3', 'h4');
  send('a', 'a1');
  send('b', 'b1');
  receive();
  expect(bench.bodies(QUEUE)).toEqual(['a1']);
  expect(receive()).toEqual([]);
  bench.pass(MINUTE);
  expect(bench.bodies(QUEUE)).toEqual(['h1', 'h2', 'h3', 'h4', 'a1']);
});

test('one backlog that is shorter than the window hides nobody', () => {
  send('hot', 'h1', 'h2', 'h3', 'h4');
  send('other', 'o1');
  receive();
  expect(bench.bodies(QUEUE)).toEqual(['o1']);
});

test('a restarted queue has the same window', () => {
  send('hot', 'h1', 'h2', 'h3', 'h4', 'h5');
  send('other', 'o1');
  receive();
  bench.restart();
  expect(receive()).toEqual([]);
});

test('a standard queue has no window', () => {
  bench.engine.createQueue('q', { VisibilityTimeout: '30' });
  for (let n = 0; n < 2 * WINDOW; n++) bench.engine.send('q', { body: String(n) });
  for (let n = 0; n < 2 * WINDOW; n++) expect(bench.bodies('q', 1)).toHaveLength(1);
});

const step = fc.oneof(
  fc.record({ do: fc.constant('send' as const), group: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ do: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('delete' as const), pick: fc.nat(20) }),
);

test('whatever is sent, received and deleted: a group is available if its first message is visible and in the window', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const { engine } = new Bench({ scanWindow: WINDOW });
      engine.createQueue(QUEUE, FIFO);
      let queue: { readonly group: string; readonly id: string; handle?: string }[] = [];
      for (const [n, one] of steps.entries()) {
        if (one.do === 'send') {
          const { messageId: id } = engine.send(QUEUE, {
            groupId: one.group,
            deduplicationId: String(n),
            body: 'x',
          });
          queue.push({ group: one.group, id });
        } else if (one.do === 'receive') {
          for (const { messageId, receiptHandle } of engine.receive(QUEUE, { maxMessages: one.max })) {
            const found = queue.find(({ id }) => id === messageId);
            if (found !== undefined) found.handle = receiptHandle;
          }
        } else {
          const inFlight = queue.filter(({ handle }) => handle !== undefined);
          const gone = inFlight[one.pick % Math.max(1, inFlight.length)];
          if (gone?.handle !== undefined) engine.delete(QUEUE, gone.handle);
          queue = queue.filter((message) => message !== gone);
        }
        const heads = queue
          .slice(0, WINDOW)
          .filter(({ group }, i) => queue.findIndex((m) => m.group === group) === i);
        expect(engine.hasAvailable(QUEUE)).toBe(heads.some(({ handle }) => handle === undefined));
      }
    }),
  );
});
