import { describe, expect, it } from '@jest/globals';
import { isAllNormal, statusText } from '../../cli/views/status.ts';
import type { NextStep, StageStatus } from '../../contract/status.ts';
import {
  ALL_NORMAL,
  DEGRADED,
  DEGRADED_ROUTER,
  MINUTE,
  NORMAL_STAGE,
  NOW,
  statusOf,
  view,
} from './fixtures.ts';

const lines = (...all: readonly string[]): string => all.join('\n');
const firstLine = (...stages: readonly StageStatus[]): string =>
  statusText(statusOf(...stages), view).split('\n')[0] ?? '';
const crm: StageStatus = { ...NORMAL_STAGE, id: 'crm' };
const widest = (text: string): number => Math.max(...text.split('\n').map(({ length }) => length));

describe('status', () => {
  it('of a normal pipeline is one line and a table', () => {
    expect(statusText(ALL_NORMAL, view)).toBe(
      lines(
        'Sluice/Pipeline: normal; accepting and forwarding events',
        '',
        '                        in the      in  parked     dead',
        'stage   mode    since    queue  flight    keys  letters',
        'router  normal  always       0       0       0        0',
        'crm     normal  always       0       0       0        0',
      ),
    );
  });

  it('of a degraded pipeline shows why, since when, the crash, what is next, and what to do', () => {
    expect(statusText(DEGRADED, view)).toBe(
      lines(
        'Sluice/Pipeline: degraded since 2026-11-22T21:40:00Z (12 min ago): ' +
          '5 messages were redriven within 5 minutes; accepting events, forwarding nothing',
        '',
        '                              in the      in  parked     dead',
        'stage   mode      since        queue  flight    keys  letters',
        'router  degraded  12 min ago   1,204       0       5        0',
        'crm     blocked   always           0       0       0        0',
        '',
        'router:',
        "  last crash: TypeError: Cannot read properties of undefined (reading 'plan')",
        '    the code threw, 2026-11-22T21:39:00Z (13 min ago), code 3f2a9c0d11e8',
        '    event m-poison in message 0d7e5a52-6a3f-4d0e-9a53-9d1f4b8c2e11',
        '    at transform (file:///var/task/transform.mjs:3:27)',
        '    at runTransform (file:///var/task/index.mjs:812:20)',
        '    at process (file:///var/task/index.mjs:901:11)',
        '  waiting: 1,204 messages in its queue, 4 parked users; 1 more parked in trouble of their own',
        '  last delivered 2026-11-22T21:38:00Z (14 min ago)',
        '  running code 3f2a9c0d11e8, first seen 2026-11-22T21:32:00Z (20 min ago)',
        '  next: every minute a trial of up to 10 waiting users: ' +
          'the first event that gets through starts the recovery',
        '  next: in 3 min (2026-11-22T21:55:00Z): the pause ends, and recovery starts',
        '  next: other code starts the recovery as soon as it answers a probe',
        '',
        'What you can do:',
        '  npx sluice redeploy  deploy a fix, or what ran before: recovery then starts automatically',
        '  npx sluice resume    try again now, without waiting',
        '  npx sluice parked    the keys that are set aside, and why',
        '  npx sluice report    all of this in one file, to find the cause',
      ),
    );
  });

  it.each<[string, readonly StageStatus[], string]>([
    [
      'normal again',
      [{ ...NORMAL_STAGE, since: NOW - MINUTE, reason: '20 messages got through' }, crm],
      'normal since 2026-11-22T21:51:00Z (1 min ago); accepting and forwarding events',
    ],
    [
      'normal, with a destination in another mode',
      [
        NORMAL_STAGE,
        { ...crm, mode: 'degraded', shut: true },
        { ...crm, id: 'lake', held: true, shut: true },
        { ...crm, id: 'mail', gauge: 1 },
      ],
      'normal; accepting and forwarding events, ' +
        'except: crm (degraded), lake (normal, held), mail (normal, page open)',
    ],
    [
      'held',
      [
        { ...NORMAL_STAGE, held: true, shut: true, reason: 'held: moving' },
        { ...crm, shut: true },
      ],
      'normal, held: moving; accepting events, forwarding nothing until npx sluice resume',
    ],
    [
      'degraded and held',
      [{ ...DEGRADED_ROUTER, held: true, reason: 'held: looking; 5 redriven' }],
      'degraded since 2026-11-22T21:40:00Z (12 min ago), held: looking; 5 redriven; ' +
        'accepting events, forwarding nothing until npx sluice resume',
    ],
    [
      'recovering',
      [{ ...DEGRADED_ROUTER, mode: 'recovering', shut: false, reason: 'other code was deployed' }],
      'recovering since 2026-11-22T21:40:00Z (12 min ago): other code was deployed; ' +
        'accepting events, forwarding again at a low rate',
    ],
  ])('says in one line that it is %s', (_, stages, text) => {
    expect(firstLine(...stages)).toBe(`Sluice/Pipeline: ${text}`);
  });

  it.each<[string, NextStep, string]>([
    [
      'the time',
      { text: 'the pause ends', at: NOW + MINUTE },
      'in 1 min (2026-11-22T21:53:00Z): the pause ends',
    ],
    ['if it is due', { text: 'the pause ends', at: NOW }, 'within a minute: the pause ends'],
    ['an event without a time', { text: 'an operator must resume it' }, 'an operator must resume it'],
  ])('shows what happens next: %s', (_, step, text) => {
    const report = statusOf(NORMAL_STAGE, { ...crm, mode: 'degraded', shut: true, gauge: 1, next: [step] });
    expect(statusText(report, view)).toContain(`\n  next: ${text}\n`);
  });

  it('names orphans, and how to remove them', () => {
    const orphan = { id: 'old', queue: { visible: 3, inFlight: 1 }, deadLetters: 2, parkedKeys: 4 };
    const text = statusText({ ...ALL_NORMAL, orphans: [orphan] }, view);
    expect(text).toContain('No longer configured, but not empty. Configure them again with enabled: false');
    expect(text).toContain('(npx sluice adopt <destination>): SQS deletes what is 14 days old');
    expect(text).toMatch(/^ {2}old +3 +1 +4 +2$/m);
  });

  it('fits 100 columns with the longest ids and numbers', () => {
    const long = {
      ...NORMAL_STAGE,
      id: 'd'.repeat(32),
      mode: 'recovering' as const,
      shut: true,
      since: NOW - 119 * MINUTE,
      queue: { visible: 123_456_789, inFlight: 999_999 },
      parkedKeys: 999_999,
      deadLetters: 123_456_789,
    };
    const text = statusText(statusOf(NORMAL_STAGE, long), view);
    const rows = text.split('\n').filter((row) => row.startsWith('d'.repeat(32)));
    expect(rows[0]).toContain('blocked');
    expect(widest(rows[0] ?? '')).toBeLessThanOrEqual(100);
  });

  it.each<[string, boolean, readonly StageStatus[]]>([
    ['parked keys', true, [{ ...NORMAL_STAGE, parkedKeys: 5 }]],
    ['a recovering stage', false, [NORMAL_STAGE, { ...crm, mode: 'recovering' }]],
    ['a hold', false, [NORMAL_STAGE, { ...crm, held: true, shut: true }]],
    ['a degraded router', false, DEGRADED.stages],
  ])('with %s, all normal is %s', (_, expected, stages) => {
    expect(isAllNormal(statusOf(...stages))).toBe(expected);
  });
});
