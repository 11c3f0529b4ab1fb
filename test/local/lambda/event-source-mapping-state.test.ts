/** The concurrency of an event source mapping, and its states. */
import { describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  InvalidParameterValueException,
  ResourceInUseException,
} from '../../../local/lambda/event-source-mapping.ts';
import { until } from '../../../tools/driver/until.ts';
import { CRASH, DONE, gate, many, setUp } from './mapping-bench.ts';

describe('concurrency', () => {
  test('begins with a few, grows while there is work, and stops at the maximum', async () => {
    const { open, respond, release } = gate();
    const { queue, seen } = setUp(respond, { batchSize: 1, maximumConcurrency: 5, growEveryMs: 50 });
    await until('the first poller', () => queue.waiting === 1);
    queue.add(...many(30));
    await until('the maximum to be reached', () => seen.running === 5);
    await sleep(300);
    expect(seen.running).toBe(5);
    while (queue.left > 0) {
      release();
      await until('the next', () => open.length > 0 || queue.left === 0);
    }
    expect(seen.most).toBe(5);
  });

  test('is one batch at a time while those are short: what comes meanwhile is in the next one', async () => {
    const { queue, seen } = setUp(async () => {
      await sleep(5);
      return DONE;
    });
    await until('a poller to wait', () => queue.waiting === 1);
    for (const id of many(40)) {
      queue.add(id);
      await sleep(1);
    }
    await until('all to be deleted', () => queue.left === 0);
    expect(seen.most).toBe(1);
    expect(seen.batches.length).toBeLessThan(25);
  });

  test('is more when a batch takes long, or a batch is full: nothing waits for it', async () => {
    const { respond, release } = gate();
    const { queue, seen } = setUp(respond, { growEveryMs: 60_000 });
    queue.add('m0');
    await until('the invocation', () => seen.running === 1);
    queue.add('m1');
    await until('the other', () => seen.running === 2);
    release();
    queue.add(...many(30));
    await until('both to be at work again', () => seen.batches.length === 4);
    expect(seen.batches.slice(2).map(({ length }) => length)).toEqual([10, 10]);
    release();
  });

  test('does not grow while a poller is waiting', async () => {
    const { respond, release } = gate();
    const { queue, seen } = setUp(respond, { batchSize: 1 });
    queue.add('m0');
    await until('the invocation', () => seen.running === 1);
    await sleep(200);
    expect(queue.waiting).toBe(1);
    release();
  });

  test('can be lowered: those that wait count as well', async () => {
    const { open, respond, release } = gate();
    const { queue, seen, mapping } = setUp(respond, { batchSize: 1, maximumConcurrency: 6 });
    queue.add(...many(6));
    await until('the maximum to be reached', () => seen.running === 6);
    release();
    await until('all that was received to be deleted', () => queue.left === 0);
    mapping.setMaximumConcurrency(2);
    expect(mapping.state).toBe('Updating');
    await mapping.settled();
    expect(mapping.state).toBe('Enabled');
    expect(mapping.maximumConcurrency).toBe(2);
    await until('one to wait', () => queue.waiting === 1);
    seen.most = 0;
    queue.add(...many(8));
    await until('the new maximum to be reached', () => seen.running === 2);
    await sleep(200);
    while (queue.left > 0) {
      release();
      await until('the next', () => open.length > 0 || queue.left === 0);
    }
    expect(seen.most).toBe(2);
  });

  test('goes down when the function fails, for all, and comes back when it succeeds', async () => {
    const { open, respond, release } = gate();
    const { queue, seen } = setUp(respond, { batchSize: 1, maximumConcurrency: 8 });
    queue.add(...many(300));
    await until('the maximum to be reached', () => seen.running === 8);
    release(CRASH);
    await until('the next', () => open.length > 0);
    await sleep(1_500);
    expect(seen.running).toBe(1);
    while (seen.running < 8) {
      release();
      await sleep(20);
    }
    expect(seen.lines).toHaveLength(8);
    release();
  });
});

describe('a state', () => {
  test('Disabled: polling has stopped and the invocations in flight have finished', async () => {
    const { respond, release } = gate();
    const { queue, seen, mapping } = setUp(respond);
    expect(mapping.state).toBe('Enabled');
    queue.add('m0');
    await until('the invocation', () => seen.running === 1);
    mapping.setEnabled(false);
    expect(mapping.state).toBe('Disabling');
    await until('polling to stop', () => queue.waiting === 0);
    await sleep(100);
    expect(mapping.state).toBe('Disabling');
    release();
    await mapping.settled();
    expect(mapping.state).toBe('Disabled');
    expect(queue.deleted).toEqual(['m0']);

    const { receives } = queue;
    queue.add('m1');
    await sleep(200);
    expect(queue.receives).toBe(receives);
    expect(queue.left).toBe(1);

    mapping.update({ enabled: true, maximumConcurrency: 3 });
    expect(mapping.state).toBe('Enabling');
    await until('polling to begin again', () => seen.running === 1);
    expect(mapping.state).toBe('Enabled');
    expect(mapping.maximumConcurrency).toBe(3);
    release();
    await until('the rest', () => queue.left === 0);
  });

  test('in between refuses a change', async () => {
    const { mapping } = setUp(() => DONE);
    mapping.setEnabled(false);
    expect(() => mapping.setEnabled(true)).toThrow(ResourceInUseException);
    expect(() => mapping.setMaximumConcurrency(3)).toThrow(
      /Cannot update the event source mapping mapping-1 because it is in use \(Disabling\)/,
    );
    await mapping.settled();
    mapping.setMaximumConcurrency(4);
    expect(mapping.state).toBe('Updating');
    await mapping.settled();
    expect(mapping.state).toBe('Disabled');
    expect(mapping.maximumConcurrency).toBe(4);
  });

  test('Disabled can be the first', async () => {
    const { queue, mapping } = setUp(() => DONE, { enabled: false });
    queue.add('m0');
    await sleep(100);
    expect(mapping.state).toBe('Disabled');
    expect(queue.receives).toBe(0);
  });

  test('is not changed by a value that AWS refuses', () => {
    const { mapping } = setUp(() => DONE);
    for (const wrong of [0, 1, 1_001, 2.5])
      expect(() => mapping.setMaximumConcurrency(wrong)).toThrow(
        /MaximumConcurrency is .*; use a whole number from 2 to 1000/,
      );
    expect(mapping.state).toBe('Enabled');
    expect(() => setUp(() => DONE, { batchSize: 11 })).toThrow(/BatchSize is 11/);
    expect(() => setUp(() => DONE, { visibilityMs: 49 })).toThrow(InvalidParameterValueException);
    expect(() => setUp(() => DONE, { visibilityMs: 49 })).toThrow(
      /Queue visibility timeout: 0\.049 seconds is less than Function timeout: 0\.05 seconds/,
    );
  });
});
