import { describe, expect, it } from '@jest/globals';
import {
  afterCrash,
  afterDeath,
  afterFailure,
  afterTrial,
  charge,
  epochOf,
  hasDied,
  isFurther,
  settled,
  stampOf,
  uncharged,
  withProgress,
  type ChargedAttempt,
} from '../../../lambdas/core/stage/attempt-ledger.ts';

const failedAt = (now: number) => ({ now, lastProgress: 0 });

const at = (events: number, done = '') => ({ events, ...(done === '' ? {} : { done }) });

describe('afterFailure', () => {
  it('starts the count and the clock', () => {
    expect(afterFailure(undefined, { reason: '500' }, failedAt(7))).toEqual({
      failures: 1,
      firstFailedAt: 7,
      lastFailedAt: 7,
      excused: 1,
      lastError: '500',
    });
  });

  it('continues the count at the same event, and keeps the clock and the progress', () => {
    const before = { failures: 2, firstFailedAt: 7, lastError: '500', progress: at(3) };
    expect(afterFailure(before, { reason: '503' }, failedAt(99))).toEqual({
      ...{ ...before, failures: 3, lastError: '503' },
      ...{ lastFailedAt: 99, excused: 1 },
    });
    expect(afterFailure(before, { reason: '503', progress: at(3) }, failedAt(99))).toMatchObject({
      failures: 3,
      firstFailedAt: 7,
    });
  });

  it.each([
    ['a further event', at(3), at(4)],
    ['a further output of the same event', at(3, 'first'), at(3, 'first, second')],
    ['the first event', undefined, at(1)],
  ])('starts over at %s', (_, before, progress) => {
    const known = {
      failures: 5,
      firstFailedAt: 7,
      lastFailedAt: 8,
      excused: 2,
      ...(before === undefined ? {} : { progress: before }),
    };
    expect(afterFailure(known, { reason: 'x', progress }, failedAt(99))).toEqual({
      failures: 1,
      firstFailedAt: 99,
      lastFailedAt: 99,
      excused: 1,
      lastError: 'x',
      progress,
    });
  });

  it('compares the number of finished outputs, whatever the transform makes of the event this time', () => {
    const known = { failures: 5, firstFailedAt: 7, progress: at(3, 'first') };
    expect(afterFailure(known, { reason: 'x', progress: at(3, 'other') }, failedAt(99))).toMatchObject({
      failures: 6,
      firstFailedAt: 7,
    });
  });

  it('uses only the events of a record of an earlier version', () => {
    const old = { events: 3, outputs: 9, codeVersion: 'v0' };
    expect(isFurther(at(3), old)).toBe(false);
    expect(isFurther(at(3, 'first'), old)).toBe(true);
    expect(isFurther(at(4), old)).toBe(true);
  });

  it('starts the clock at the first failure after a stop', () => {
    expect(
      afterFailure({ failures: 0, progress: at(2) }, { reason: 'x', progress: at(2) }, failedAt(9)),
    ).toMatchObject({
      failures: 1,
      firstFailedAt: 9,
    });
  });
});

describe('withProgress', () => {
  it('keeps the failures of the event at which the message still stands', () => {
    const before = { failures: 2, firstFailedAt: 7, progress: at(3) };
    expect(withProgress(before, at(3))).toEqual(before);
  });

  it('forgets them once the message has made progress', () => {
    expect(withProgress({ failures: 2, firstFailedAt: 7, progress: at(3) }, at(4))).toEqual({
      failures: 0,
      progress: at(4),
    });
    expect(withProgress(undefined, at(1))).toEqual({ failures: 0, progress: at(1) });
  });
});

describe('the crash account', () => {
  const crash = { kind: 'throw', error: 'TypeError: x', codeVersion: 'v1', at: 7 } as const;
  const account = { charges: 2, stamp: '0:v1', crash };

  it('counts charges under one stamp, and starts over under another', () => {
    const begunAt = 5;
    expect(charge(undefined, '0:v1', 5)).toEqual({ failures: 0, charges: 1, stamp: '0:v1', begunAt });
    const before = { failures: 4, ...account };
    expect(charge(before, '0:v1', 5)).toEqual({ ...before, charges: 3, begunAt });
    expect(charge(before, '1:v1', 5)).toMatchObject({ charges: 1, stamp: '1:v1' });
    expect(charge({ failures: 4 }, '0:v1', 5)).toMatchObject({ failures: 4, charges: 1 });
  });

  it('has stamps that differ by epoch and by code version', () => {
    expect(new Set([stampOf(0, 'v1'), stampOf(1, 'v1'), stampOf(0, 'v2'), stampOf(0, 'v1')]).size).toBe(3);
  });

  it('is kept through failures and progress', () => {
    const before = { failures: 3, firstFailedAt: 1, ...account };
    expect(afterFailure(before, { reason: 'y' }, failedAt(9))).toMatchObject(account);
    expect(afterFailure(before, { reason: 'y', progress: at(4) }, failedAt(9))).toMatchObject({
      failures: 1,
      ...account,
    });
    expect(withProgress(before, at(4))).toEqual({ failures: 0, progress: at(4), ...account });
  });

  it('is as before after a charge is taken back, with the progress made since', () => {
    const before = { failures: 3, firstFailedAt: 1, ...account };
    expect(uncharged(before, undefined)).toEqual(before);
    expect(uncharged(undefined, undefined)).toEqual({ failures: 0 });
    expect(uncharged(undefined, at(2))).toEqual({ failures: 0, progress: at(2) });
  });

  it('records a crash with its charge, and not as a failure of the destination', () => {
    expect(afterCrash(charge(undefined, '0:v1', 5), crash, failedAt(9))).toEqual({
      failures: 0,
      charges: 1,
      stamp: '0:v1',
      firstFailedAt: 9,
      lastFailedAt: 9,
      excused: 1,
      lastError: 'TypeError: x',
      crash,
    });
  });

  it('shows an attempt that began and did not end as a death, under the same stamp only', () => {
    const charged = charge({ failures: 3, ...account }, '0:v1', 5);
    expect(hasDied(charged, '0:v1')).toBe(true);
    expect(hasDied(charged, '1:v1')).toBe(false);
    expect(hasDied(charged, stampOf(0, 'v2'))).toBe(false);
    expect(hasDied(settled(charged), '0:v1')).toBe(false);
    expect(hasDied(undefined, '0:v1')).toBe(false);
    const died = afterDeath(charged, failedAt(9));
    const failed = { firstFailedAt: 9, lastFailedAt: 9, excused: 1 };
    expect(died).toEqual({ failures: 3, ...account, charges: 3, ...failed });
    expect(epochOf(stampOf(12, '7:v1'))).toBe(12);
  });

  it.each([
    ['a failure', (known: ChargedAttempt) => afterFailure(known, { reason: 'x' }, failedAt(9))],
    ['a crash', (known: ChargedAttempt) => afterCrash(known, crash, failedAt(9))],
    ['a death', (known: ChargedAttempt) => afterDeath(known, failedAt(9))],
  ])('ends the attempt after %s, and keeps the time of the last try', (_, after) => {
    const trial = { epoch: 3, at: 4 };
    const attempt = after(charge({ failures: 0, trial }, '0:v1', 5));
    expect(attempt).not.toHaveProperty('begunAt');
    expect(attempt.trial).toEqual(trial);
  });

  it('counts nothing for a failed trial, and keeps its progress', () => {
    const before = {
      failures: 3,
      firstFailedAt: 1,
      lastFailedAt: 2,
      excused: 2,
      ...account,
      progress: at(3),
    };
    const trial = { epoch: 3, at: 99 };
    expect(afterTrial(before, undefined, trial)).toEqual({ ...before, trial });
    expect(afterTrial(before, at(4), trial)).toEqual({ failures: 0, progress: at(4), ...account, trial });
    expect(afterTrial(undefined, undefined, trial)).toEqual({ failures: 0, trial });
  });
});
