import { describe, expect, it } from '@jest/globals';
import { headline } from '../../../local/console/page/headline.ts';
import { troubles } from '../../../local/console/page/shades.ts';
import type { CrashKind } from '../../../contract/modes.ts';
import {
  ago,
  bytes,
  clock,
  count,
  crashKind,
  lateCrashes,
  lookOf,
  modeName,
  nextText,
  span,
  until,
} from '../../../local/console/page/words.ts';
import { crash, late, stage } from '../../browser/scene-parts.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;

describe('small words', () => {
  it('modes', () => {
    expect(modeName({ mode: 'degraded', held: true, gauge: 1 })).toBe('Degraded, held');
    expect(modeName({ mode: 'normal', held: true, gauge: 0 })).toBe('Held');
    expect(modeName({ mode: 'normal', held: false, gauge: 1 })).toBe('Normal, page open');
    expect(modeName({ mode: 'recovering', held: false, gauge: 1 })).toBe('Recovering');
  });

  it('a look for the table of stages', () => {
    expect(lookOf({ mode: 'degraded', held: true, gauge: 1 })).toBe('degraded');
    expect(lookOf({ mode: 'recovering', held: true, gauge: 1 })).toBe('held');
    expect(lookOf({ mode: 'normal', held: false, gauge: 1 })).toBe('recovering');
    expect(lookOf({ mode: 'normal', held: false, gauge: 0 })).toBe('normal');
  });

  it('what happens next, with and without a time', () => {
    expect(nextText({ text: 'the pause ends', at: NOW + 5 * MINUTE }, NOW)).toBe('In 5 min: the pause ends.');
    expect(nextText({ text: 'the pause ends', at: NOW - MINUTE }, NOW)).toBe(
      'Within a minute: the pause ends.',
    );
    expect(nextText({ text: 'an operator must resume it' }, NOW)).toBe('An operator must resume it.');
  });

  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [125_000, '2 min 5 s'],
    [2 * 3_600_000 + 5 * 60_000 + 59_000, '2 h 5 min'],
    [3 * 86_400_000 + 59_000, '3 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  it('before and after', () => {
    expect(ago(NOW, NOW)).toBe('just now');
    expect(ago(NOW - 90_000, NOW)).toBe('1 min 30 s ago');
    expect(until(NOW - 1, NOW)).toBe('now');
    expect(until(NOW + 30_000, NOW)).toBe('in 30 s');
  });

  it('numbers and sizes', () => {
    expect(count(1, 'key')).toBe('1 key');
    expect(count(12_345, 'key')).toBe('12,345 keys');
    expect(count(2, 'crash', 'crashes')).toBe('2 crashes');
    expect(bytes(812)).toBe('812 bytes');
    expect(bytes(1536)).toBe('1.5 KB');
    expect(bytes(3 * 1024 ** 2)).toBe('3 MB');
  });
});

describe('crashes', () => {
  it.each<[CrashKind, string]>([
    ['throw', 'The code threw'],
    ['exit', 'The transform ended its thread (process.exit)'],
    ['timeout', 'The transform took longer than its timeout'],
    ['memory', 'The transform ran out of memory'],
    ['load', 'The code does not load'],
    ['late', 'The transform failed after the event was answered'],
    ['death', 'The function’s process ended'],
    ['dead letter', 'SQS gave up on the message'],
  ])('of kind %s', (kind, words) => {
    expect(crashKind(kind)).toBe(words);
  });

  it.each(['flooded', 'toString'])('a kind of a newer version is shown as it is: %s', (kind) => {
    expect(crashKind(kind)).toBe(kind);
  });

  it('late ones: how many, since when, and the last', () => {
    const since = NOW - 60 * MINUTE;
    const last = { ...crash, at: NOW - 3 * MINUTE };
    expect(lateCrashes({ count: 3, since, last }, NOW)).toBe(
      `3 late crashes since ${clock(since, NOW)}, the last: 3 min ago`,
    );
    expect(lateCrashes({ count: 1, since, last }, NOW)).toMatch(/^1 late crash since /);
  });

  it('late ones do not make a stage look unhealthy', () => {
    const well = [stage('router'), stage('crm')];
    expect(
      headline(
        well.map((one) => ({ ...one, lateCrashes: late })),
        NOW,
      ),
    ).toEqual(headline(well, NOW));
  });
});

describe('what the chart shades', () => {
  const change = (mode: 'normal' | 'degraded' | 'recovering', at: number) => ({
    epoch: 1,
    mode,
    at,
    reason: '',
  });
  it('is every time a stage was not normal, up to now, and none twice', () => {
    const router = [
      change('degraded', 1000),
      change('recovering', 3000),
      change('normal', 4000),
      change('degraded', 9000),
    ];
    expect(troubles([router], 10_000)).toEqual([
      { from: 1, to: 4 },
      { from: 9, to: 10 },
    ]);
    const crm = [
      change('degraded', 500),
      change('normal', 1500),
      change('degraded', 5000),
      change('normal', 6000),
      change('degraded', 9500),
    ];
    expect(troubles([router, [], crm], 10_000)).toEqual([
      { from: 0.5, to: 4 },
      { from: 5, to: 6 },
      { from: 9, to: 10 },
    ]);
    expect(troubles([[], []], 10_000)).toEqual([]);
  });
});
