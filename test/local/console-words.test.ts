import { describe, expect, it } from '@jest/globals';
import { troubles } from '../../local/console/page/shades.ts';
import type { CrashKind } from '../../config/operations.ts';
import {
  ago,
  bytes,
  clock,
  count,
  crashKind,
  headline,
  lateCrashes,
  modeName,
  span,
  until,
} from '../../local/console/page/words.ts';
import { crash, late, stage } from '../browser/scenes.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;

describe('the mode in a sentence', () => {
  const KEPT = 'events are received and kept, and nothing is forwarded.';
  it.each([
    ['normal', {}, 'normal', 'Normal: events are received and forwarded.'],
    ['degraded', { mode: 'degraded' as const }, 'degraded', `Degraded: ${KEPT}`],
    [
      'degraded and held',
      { mode: 'degraded' as const, held: true },
      'degraded',
      `Degraded and held: ${KEPT}`,
    ],
    ['held', { held: true }, 'held', `Held by a person: ${KEPT}`],
    [
      'held while recovering',
      { mode: 'recovering' as const, held: true },
      'held',
      `Held by a person: ${KEPT}`,
    ],
    [
      'recovering',
      { mode: 'recovering' as const },
      'recovering',
      'Recovering: events are being forwarded again, a few at a time.',
    ],
  ])('%s', (_, change, look, sentence) => {
    expect(headline([stage('router', change), stage('crm')], NOW)).toMatchObject({ look, sentence });
  });

  it('names the destinations that are not normal while the system is', () => {
    const stages = [
      stage('router', { since: NOW - 9 * MINUTE }),
      stage('crm', { mode: 'degraded', since: NOW - 5 * MINUTE, reason: '20 failures' }),
      stage('mail', { held: true, troubledSince: NOW - 7 * MINUTE, reason: 'moving' }),
      stage('lake', { mode: 'recovering', since: NOW }),
      stage('warehouse'),
    ];
    expect(headline(stages, NOW)).toMatchObject({
      look: 'degraded',
      sentence: 'Forwarding, except for crm (degraded), mail (held) and lake (recovering).',
      since: NOW - 7 * MINUTE,
    });
  });

  it('says what comes next', () => {
    const next = (change: Parameters<typeof stage>[1]) => headline([stage('router', change)], NOW)?.next;
    expect(next({})).toBe('');
    expect(next({ redrives: 3 })).toBe('3 messages redriven within the window.');
    expect(next({ mode: 'degraded', pauseUntil: NOW + 5 * MINUTE })).toBe(
      'It tries again in 5 min, or at once when a fix is deployed.',
    );
    expect(next({ mode: 'degraded', pauseUntil: NOW })).toBe('It tries again as soon as its code answers.');
    expect(next({ mode: 'recovering', successes: 1 })).toBe('1 message processed since then.');
    expect(next({ held: true })).toBe('It stays so until somebody resumes it.');
  });

  it('a hold counts from when nothing was forwarded, not from the mode it lies on', () => {
    const held = stage('router', { held: true, since: NOW - 60 * MINUTE, troubledSince: NOW - MINUTE });
    expect(headline([held], NOW)?.since).toBe(NOW - MINUTE);
  });

  it('without a stage there is nothing to say', () => {
    expect(headline([], NOW)).toBeUndefined();
  });
});

describe('small words', () => {
  it('modes', () => {
    expect(modeName({ mode: 'degraded', held: true })).toBe('Degraded, held');
    expect(modeName({ mode: 'normal', held: true })).toBe('Held');
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
  it('is every time the mode was not normal, up to now', () => {
    const history = [
      change('degraded', 1000),
      change('recovering', 3000),
      change('normal', 4000),
      change('degraded', 9000),
    ];
    expect(troubles(history, 10_000)).toEqual([
      { from: 1, to: 3 },
      { from: 3, to: 4 },
      { from: 9, to: 10 },
    ]);
    expect(troubles([], 10_000)).toEqual([]);
  });
});
