import { describe, expect, it } from '@jest/globals';
import { isShut, isUnreadable, NORMAL, UNREADABLE } from '../../../lambdas/core/mode/record.ts';

it('a stage of which nothing is stored has no reason for its mode, and no code to blame', () => {
  expect(NORMAL).toMatchObject({ mode: 'normal', reason: '', codeVersion: '' });
});

describe('isShut', () => {
  const mode = (name: 'normal' | 'degraded' | 'recovering', held = false) => ({ mode: name, held });

  it('lets the stricter of the two decide', () => {
    expect(isShut([mode('normal'), mode('degraded')])).toBe(true);
    expect(isShut([mode('degraded'), mode('normal')])).toBe(true);
    expect(isShut([mode('recovering'), mode('normal')])).toBe(false);
    expect(isShut([mode('normal', true), mode('normal')])).toBe(true);
    expect(isShut([mode('normal'), mode('recovering', true)])).toBe(true);
  });

  it('is so for what cannot be read, and not for a stage of which nothing is stored', () => {
    expect(isShut([NORMAL, UNREADABLE])).toBe(true);
    expect(isShut([NORMAL, NORMAL])).toBe(false);
    expect([NORMAL, UNREADABLE].map(isUnreadable)).toEqual([false, true]);
  });
});
