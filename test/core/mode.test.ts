import { describe, expect, it } from '@jest/globals';
import { isShut, readMode } from '../../lambdas/core/mode.ts';

describe('readMode', () => {
  it('is normal where nothing is stored', () =>
    expect(readMode(undefined)).toEqual({ mode: 'normal', held: false }));

  it.each(['normal', 'degraded', 'recovering'])('reads %s', (mode) =>
    expect(readMode({ mode, held: true })).toEqual({ mode, held: true }),
  );

  it.each([[null], ['normal'], [{}], [{ mode: 'NORMAL' }], [{ mode: 7 }], [[]]])(
    'takes %j for degraded',
    (item) => expect(readMode(item).mode).toBe('degraded'),
  );
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
});
