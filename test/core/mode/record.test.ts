import { describe, expect, it } from '@jest/globals';
import { isBlocked, isUnreadable, NORMAL, UNREADABLE } from '../../../lambdas/core/mode/record.ts';

it('a stage without a record has no reason for its mode, and no code to blame', () => {
  expect(NORMAL).toMatchObject({ mode: 'normal', reason: '', codeVersion: '' });
});

describe('isBlocked', () => {
  const mode = (name: 'normal' | 'degraded' | 'recovering', held = false) => ({ mode: name, held });

  it('lets the stricter of the two decide', () => {
    expect(isBlocked([mode('normal'), mode('degraded')])).toBe(true);
    expect(isBlocked([mode('degraded'), mode('normal')])).toBe(true);
    expect(isBlocked([mode('recovering'), mode('normal')])).toBe(false);
    expect(isBlocked([mode('normal', true), mode('normal')])).toBe(true);
    expect(isBlocked([mode('normal'), mode('recovering', true)])).toBe(true);
  });

  it('is true for an unreadable record, and false for a stage without a record', () => {
    expect(isBlocked([NORMAL, UNREADABLE])).toBe(true);
    expect(isBlocked([NORMAL, NORMAL])).toBe(false);
    expect([NORMAL, UNREADABLE].map(isUnreadable)).toEqual([false, true]);
  });
});
