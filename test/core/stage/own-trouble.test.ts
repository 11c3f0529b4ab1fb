/** When a key is in trouble of its own: by other keys that got through between its failures, and by the time in which the stage forwarded. */
import { describe, expect, it } from '@jest/globals';
import { type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import type { ModeChange, ModeName } from '../../../contract/modes.ts';
import {
  accountOf,
  asOwnTrouble,
  inOwnTrouble,
  isOwnTrouble,
  OWN_TROUBLE,
  timeForwarding,
  withoutOwnTrouble,
} from '../../../lambdas/core/stage/own-trouble.ts';
import type { Attempt } from '../../../lambdas/core/stage/ports.ts';

const SETTINGS = { ownAfter: 3, parkAfter: 100 };

describe('the account of a key’s failures', () => {
  /** @param failures the time of each, and of the stage's last progress when the attempt began */
  const after = (...failures: readonly (readonly [now: number, lastProgress: number])[]): Attempt =>
    failures.reduce<Attempt>(
      (before, [now, lastProgress]) => ({ ...before, ...accountOf(before, { now, lastProgress }) }),
      { failures: 0 },
    );

  it('begins with the first failure, whatever happened before it', () => {
    expect(after([50, 0])).toMatchObject({ firstFailedAt: 50, lastFailedAt: 50, excused: 1 });
    expect(after([50, 49])).toMatchObject({ excused: 1 });
  });

  it('excuses a failure if others got through since the previous one', () => {
    expect(after([50, 0], [60, 55], [70, 65])).toEqual({
      ...{ failures: 0, firstFailedAt: 50, lastFailedAt: 70, excused: 3 },
    });
  });

  it('does not excuse it if no other got through, or none since', () => {
    expect(after([50, 40], [60, 40], [70, 50])).toMatchObject({ lastFailedAt: 70, excused: 1 });
    // Progress at the same moment is not later.
    expect(after([50, 0], [60, 50])).toMatchObject({ excused: 1 });
  });

  it('excuses at most one failure per progress', () => {
    expect(after([50, 0], [60, 55], [70, 55], [80, 55])).toMatchObject({ excused: 2 });
  });

  it('of a record of an earlier version begins with the next failure', () => {
    const old: Attempt = { failures: 7, firstFailedAt: 3 };
    expect(accountOf(old, { now: 9, lastProgress: 8 })).toEqual({
      ...{ firstFailedAt: 3, lastFailedAt: 9, excused: 1 },
    });
  });
});

describe('own trouble', () => {
  const attempt = (excused: number, firstFailedAt = 0): Attempt => ({
    ...{ failures: 9, excused, firstFailedAt, lastFailedAt: 9 },
  });

  it.each([
    ['failed often enough and long enough', attempt(3), false, 100, true],
    ['did not fail long enough', attempt(3), false, 99, false],
    ['failed long enough, but others did not get through as often', attempt(2), false, 1_000, false],
    ['crashed, for which no minimum time applies', attempt(3), true, 0, true],
    ['crashed, but others did not get through as often', attempt(2), true, 1_000, false],
    ['never failed', { failures: 0 }, true, 1_000, false],
  ])('of a key that %s', (_, its, hasCrashed, now, expected) => {
    expect(isOwnTrouble(its, hasCrashed, NORMAL, now, SETTINGS)).toBe(expected);
  });

  it('counts only time in which the stage forwarded: an outage does not count', () => {
    const record = recordOf(['degraded', 10], ['recovering', 500]);
    expect(isOwnTrouble(attempt(3), false, record, 589, SETTINGS)).toBe(false);
    expect(isOwnTrouble(attempt(3), false, record, 590, SETTINGS)).toBe(true);
  });
});

const recordOf = (...changes: readonly (readonly [mode: ModeName, at: number])[]): ModeRecord => ({
  ...NORMAL,
  mode: changes.at(-1)?.[0] ?? 'normal',
  history: changes.map(([mode, at], i): ModeChange => ({ epoch: i + 1, mode, at, reason: 'r' })),
});

describe('the time in which a stage forwarded', () => {
  const story = recordOf(['degraded', 100], ['recovering', 200], ['normal', 250], ['degraded', 400]);

  it.each([
    ['before its first change', 10, 60, 50],
    ['up to an outage', 90, 150, 10],
    ['within an outage', 110, 190, 0],
    ['from an outage on', 150, 260, 60],
    ['over the whole history', 0, 1_000, 100 + 200],
    ['of no time', 60, 60, 0],
    ['backwards', 60, 10, 0],
  ])('%s', (_, from, until, expected) => {
    expect(timeForwarding(story, from, until)).toBe(expected);
  });

  it('of a stage that never changed its mode is all of it', () => {
    expect(timeForwarding(NORMAL, 5, 25)).toBe(20);
  });

  it('whose earlier changes are no longer kept starts at the first kept one', () => {
    expect(timeForwarding(recordOf(['recovering', 100], ['normal', 150]), 0, 200)).toBe(100);
    expect(timeForwarding(recordOf(['normal', 100], ['degraded', 150]), 0, 200)).toBe(150);
    // Of an earlier version, which kept none.
    expect(timeForwarding({ ...NORMAL, mode: 'degraded', since: 100 }, 0, 200)).toBe(0);
  });
});

describe('the head’s reason', () => {
  it('states whether its key is in trouble of its own, and has a form for operators', () => {
    const reason = asOwnTrouble('it crashed 3 times: no name');
    expect(inOwnTrouble({ reason })).toBe(true);
    expect(inOwnTrouble({ reason: 'it crashed 3 times: no name' })).toBe(false);
    expect(reason).toBe(`${OWN_TROUBLE}it crashed 3 times: no name`);
    expect(asOwnTrouble(reason)).toBe(reason);
    expect(withoutOwnTrouble(reason)).toBe('it crashed 3 times: no name');
    expect(withoutOwnTrouble('its key is parked')).toBe('its key is parked');
  });
});
