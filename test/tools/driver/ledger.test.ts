import { expect, test } from '@jest/globals';
import { Ledger } from '../../../tools/driver/ledger.ts';

const issue = (ledger: Ledger, user: number, count: number): readonly string[] =>
  Array.from({ length: count }, () => ledger.issue(user).messageId);

test('an accepted event that has not come to every destination is lost; one that was not accepted is not', () => {
  const ledger = new Ledger(2);
  const [a = '', b = ''] = issue(ledger, 7, 3);
  ledger.accept(a, 10);
  ledger.accept(b, 10);
  ledger.arrive(0, a, 15);
  ledger.arrive(1, a, 30);
  ledger.arrive(0, b, 12);
  expect(ledger.verdict()).toEqual({ accepted: 2, deliveries: 3, lost: 1, duplicates: 0, outOfOrder: 0 });
  expect(ledger.isComplete).toBe(false);
  ledger.arrive(1, b, 31);
  expect(ledger.isComplete).toBe(true);
  expect([...ledger.delays()].sort((x, y) => x - y)).toEqual([2, 5, 20, 21]);
});

test('the order is that of each user and each destination', () => {
  const ledger = new Ledger(1);
  const [a1 = '', a2 = '', a3 = ''] = issue(ledger, 1, 3);
  const [b1 = ''] = issue(ledger, 2, 1);
  for (const id of [a1, a3, b1, a2]) ledger.arrive(0, id, 1);
  expect(ledger.verdict().outOfOrder).toBe(1);
});

test('a duplicate is no violation of the order, and does not move the last arrival', () => {
  const ledger = new Ledger(1);
  const [a = '', b = ''] = issue(ledger, 1, 2);
  for (const [id, at] of [
    [a, 1],
    [b, 2],
    [a, 3],
  ] as const)
    ledger.arrive(0, id, at);
  expect(ledger.verdict()).toMatchObject({ deliveries: 2, duplicates: 1, outOfOrder: 0 });
  expect(ledger.lastArrival).toBe(2);
});

test('events of another run, and events without a user, are left out', () => {
  const ledger = new Ledger(1);
  ledger.arrive(0, new Ledger(1).issue(1).messageId, 1);
  ledger.arrive(0, 'something else', 1);
  expect(ledger.verdict()).toMatchObject({ deliveries: 0, duplicates: 0 });
});

test('an event that arrives before its answer was not waited for', () => {
  const ledger = new Ledger(1);
  const { messageId } = ledger.issue(1);
  ledger.arrive(0, messageId, 5);
  ledger.accept(messageId, 9);
  expect(ledger.delays()).toEqual([0]);
});
