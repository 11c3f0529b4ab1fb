import { describe, expect, it } from '@jest/globals';
import { headline } from '../../../local/console/page/headline.ts';
import { stage } from '../../browser/scene-parts.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const KEPT = 'events are received and kept, and nothing is forwarded.';
const FLOWS = 'Normal: events are received and forwarded.';

describe('the banner', () => {
  it.each([
    ['normal', {}, 'normal', FLOWS],
    ['degraded', { mode: 'degraded' as const }, 'degraded', `Degraded: ${KEPT}`],
    [
      'degraded and held',
      { mode: 'degraded' as const, held: true },
      'degraded',
      `Degraded and held: ${KEPT}`,
    ],
    ['held', { held: true }, 'held', `Held by an operator: ${KEPT}`],
    [
      'held while recovering',
      { mode: 'recovering' as const, held: true },
      'recovering',
      `Recovering, and held by an operator: ${KEPT}`,
    ],
    [
      'recovering',
      { mode: 'recovering' as const },
      'recovering',
      'Recovering: events are being forwarded again, a few at a time.',
    ],
    [
      'normal after a relapse',
      { gauge: 1 as const },
      'recovering',
      `${FLOWS} The page of router is still open.`,
    ],
    ['parking a user', { parkedKeys: 1 }, 'parked', FLOWS],
  ])('of a router that is %s', (_, change, look, sentence) => {
    expect(headline([stage('router', change), stage('crm')], NOW)).toMatchObject({ look, sentence });
  });

  it('is as bad as the worst stage: degraded, a page that is open, users parked, a hold', () => {
    const stages = [
      stage('router'),
      stage('mail', { held: true }),
      stage('lake', { parkedKeys: 2 }),
      stage('crm', { gauge: 1 }),
      stage('ads', { mode: 'degraded' }),
    ];
    const looks = stages.map((_, i) => headline(stages.slice(0, i + 1), NOW)?.look);
    expect(looks).toEqual(['normal', 'held', 'parked', 'recovering', 'degraded']);
    const recovering = stage('crm', { mode: 'recovering', gauge: 1 });
    expect(headline([...stages.slice(0, 3), recovering], NOW)?.look).toBe('recovering');
    // The router's own trouble does not hide a destination's worse one.
    const router = stage('router', { mode: 'recovering', gauge: 1 });
    expect(headline([router, stage('ads', { mode: 'degraded' })], NOW)).toMatchObject({
      look: 'degraded',
      sentence: 'Recovering: events are being forwarded again, a few at a time, except for ads (degraded).',
    });
  });

  it('names the destinations that are not normal while the system is, and why', () => {
    const stages = [
      stage('router', { since: NOW - 9 * MINUTE }),
      stage('crm', { mode: 'degraded', gauge: 1, since: NOW - 5 * MINUTE, reason: '20 failures' }),
      stage('mail', { held: true, troubledSince: NOW - 7 * MINUTE, reason: 'moving' }),
      stage('lake', { mode: 'recovering', gauge: 1, since: NOW, parkedKeys: 3 }),
      stage('ads', { gauge: 1, reason: '20 messages got through' }),
      stage('warehouse', { parkedKeys: 1_200 }),
    ];
    expect(headline(stages, NOW)).toMatchObject({
      look: 'degraded',
      sentence:
        'Forwarding, except for crm (degraded), mail (held) and lake (recovering). ' +
        'The page of ads is still open.',
      parked: '1,203 users are parked in lake and warehouse.',
      // The worst stage's, which the colour is about.
      since: NOW - 5 * MINUTE,
      reason: 'crm: 20 failures\nmail: Moving',
    });
  });

  it('says what comes next, for each stage that has something to come', () => {
    const at = NOW + 5 * MINUTE;
    const stages = [
      stage('router'),
      stage('crm', { mode: 'degraded', next: [{ text: 'the pause ends', at }, { text: 'other code' }] }),
      stage('mail', { next: [{ text: 'a' }, { text: 'b' }, { text: 'c' }, { text: 'd' }] }),
    ];
    expect(headline(stages, NOW)?.next).toBe(
      'crm: In 5 min: the pause ends.\ncrm: Other code.\nmail: A.\nmail: B.\nmail: C.',
    );
  });

  it('says what failed last in each stage that is not normal, or will not be, if its reason does not', () => {
    const failed = (text: string, at = NOW - MINUTE) => ({ text, at, codeVersion: '' });
    const next = [{ text: 'degraded at the latest, if nothing has got through by then' }];
    const degraded = { mode: 'degraded' as const };
    const stages = [
      stage('router', { lastFailure: failed('long ago') }),
      stage('crm', { ...degraded, reason: 'it failed: 503', lastFailure: failed('503') }),
      stage('lake', {
        ...degraded,
        reason: 'work waits',
        lastFailure: failed('500'),
        lastRefusal: failed('AccessDenied\n  by a policy', NOW - 2_000),
      }),
      stage('mail', { lastFailure: failed('timeout'), next }),
      stage('ads', { lastFailure: failed('timeout'), next, progress: { deliveredAt: NOW } }),
      stage('sms', { lastRejection: failed('x'.repeat(400)), gauge: 1 }),
    ];
    expect(headline(stages, NOW)?.cause).toBe(
      [
        'lake: Refused by AWS 2 s ago: AccessDenied by a policy',
        'mail: Failed 1 min ago: timeout',
        `sms: Rejected 1 min ago: ${'x'.repeat(300)}…`,
      ].join('\n'),
    );
  });

  it('says once what is true of several stages, and no more than it has room for', () => {
    const next = [{ text: 'other code starts the recovery' }];
    const degraded = (id: string) => stage(id, { mode: 'degraded', reason: `${id} is down`, next });
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const head = headline([stage('router'), ...ids.map(degraded)], NOW);
    expect(head?.next).toBe('a, b, c, d, e, f, g and h: Other code starts the recovery.');
    expect(head?.reason.split('\n').slice(5)).toEqual(['f: F is down', 'And 2 more; see the stages below.']);
  });

  it('says what an operator can do', () => {
    const degraded = { mode: 'degraded' as const };
    const command = (...stages: Parameters<typeof headline>[0]) => headline(stages, NOW)?.command;
    expect(command(stage('router'), stage('crm', { mode: 'recovering' }))).toBe('');
    expect(command(stage('router', degraded))).toMatch(/npx sluice redeploy .* else npx sluice resume\.$/);
    expect(
      command(stage('router'), stage('crm', degraded), stage('ads', degraded), stage('lake', { held: true })),
    ).toMatch(
      /else npx sluice resume crm and npx sluice resume ads\.\nTo end the hold: npx sluice resume lake\.$/,
    );
  });

  it('of a router that blocks the destinations says what comes next for the router alone', () => {
    const waits = stage('crm', { shut: true, next: [{ text: 'it waits for the router' }] });
    const next = [{ text: 'an operator must resume it' }];
    for (const change of [{ held: true }, { mode: 'degraded' as const }])
      expect(headline([stage('router', { ...change, next }), waits], NOW)?.next).toBe(
        'An operator must resume it.',
      );
  });

  it.each([
    ['a hold', { held: true, since: NOW - 60 * MINUTE, troubledSince: NOW - MINUTE }, NOW - MINUTE],
    [
      'a relapse',
      { gauge: 1 as const, since: NOW - MINUTE, troubledSince: NOW - 9 * MINUTE },
      NOW - 9 * MINUTE,
    ],
    ['parked users', { parkedKeys: 1, since: NOW, oldestParkedAt: NOW - MINUTE }, NOW - MINUTE],
    ['a mode', { mode: 'degraded' as const, since: NOW - 2 * MINUTE, troubledSince: 0 }, NOW - 2 * MINUTE],
    ['what has always been', {}, undefined],
  ])('%s counts from its beginning', (_, change, since) => {
    expect(headline([stage('router', change)], NOW)?.since).toBe(since);
  });

  it('is normal since the last stage is, and degraded since the first', () => {
    const since = (mode: 'normal' | 'degraded') =>
      headline([stage('router'), stage('a', { mode, since: 7 }), stage('b', { mode, since: 5 })], NOW)?.since;
    expect(since('normal')).toBe(7);
    expect(since('degraded')).toBe(5);
  });

  it('without a stage there is nothing to say', () => {
    expect(headline([], NOW)).toBeUndefined();
  });
});
