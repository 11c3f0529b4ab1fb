import { beforeEach, describe, expect, test } from '@jest/globals';
import { Crowding } from '../../../lambdas/core/stage/crowding.ts';
import { HotKeys } from '../../../lambdas/core/stage/hot-keys.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import { message } from '../../support/fakes.ts';
import { HOUR, MINUTE, SECOND } from '../../support/mode-settings.ts';

const NOW = Date.UTC(2026, 0, 1);

/** Messages of a key, sent one a second from an hour ago on. */
const batch = (key: string, from: number, count: number, receiveCount = 1): IncomingMessage[] =>
  Array.from({ length: count }, (_, n) =>
    message(`${key}-${from + n}`, key, {
      sentAt: NOW - HOUR + (from + n) * SECOND,
      sequenceNumber: String(from + n).padStart(20, '0'),
      receiveCount,
    }),
  );

let hotKeys: HotKeys;
let crowding: Crowding;
beforeEach(() => {
  hotKeys = new HotKeys('env');
  crowding = new Crowding(hotKeys, { spillBacklog: 60_000, interval: MINUTE });
});

const receiveThree = (key: string): void => {
  for (let n = 0; n < 3; n++) hotKeys.received(batch(key, n * 10, 10), NOW);
};

describe('the length of the queue', () => {
  test('is read only when a message is late, and once in an interval', () => {
    expect(crowding.wantsLength([message('a', 'a', { sentAt: NOW - MINUTE + 1 })], NOW)).toBe(false);
    expect(crowding.wantsLength(batch('a', 0, 1), NOW)).toBe(true);
    crowding.read(5, NOW);
    expect(crowding.wantsLength(batch('a', 0, 1), NOW + MINUTE - 1)).toBe(false);
    expect(crowding.wantsLength(batch('a', 0, 1), NOW + MINUTE)).toBe(true);
  });

  test('that could not be read is read again an interval later, and counts as short', () => {
    receiveThree('kiosk');
    crowding.read(undefined, NOW);
    expect(crowding.wantsLength(batch('a', 0, 1), NOW + 1)).toBe(false);
    expect(crowding.hidesOthers(batch('kiosk', 30, 10), NOW)).toBe(false);
  });
});

describe('a key', () => {
  test.each([
    [59_999, false],
    [60_000, true],
  ])('with a large backlog in a queue of %d: %s', (length, expected) => {
    receiveThree('kiosk');
    crowding.read(length, NOW);
    expect(crowding.hidesOthers(batch('kiosk', 30, 1), NOW)).toBe(expected);
    expect(crowding.hidesOthers(batch('other', 30, 1), NOW)).toBe(false);
  });

  test('is judged by a length that is not older than two intervals', () => {
    receiveThree('kiosk');
    crowding.read(60_000, NOW);
    expect(crowding.hidesOthers(batch('kiosk', 30, 1), NOW + 2 * MINUTE)).toBe(true);
    expect(crowding.hidesOthers(batch('kiosk', 30, 1), NOW + 2 * MINUTE + 1)).toBe(false);
  });

  test.each([
    [10, 4, true],
    [10, 3, false],
    [4, 4, false],
  ])('that is stuck: %d messages, received %d times: %s', (count, receives, expected) => {
    crowding.read(60_000, NOW);
    expect(crowding.hidesOthers(batch('kiosk', 0, count, receives), NOW)).toBe(expected);
  });
});
