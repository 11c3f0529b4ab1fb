import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import type { View } from '../../cli/session.ts';
import { isAllNormal, statusText } from '../../cli/views/status.ts';
import type { NextStep, StageStatus } from '../../contract/operations.ts';
import {
  ALL_NORMAL,
  CRASH,
  DEGRADED,
  DEGRADED_ROUTER,
  FAILURE,
  LATE,
  MINUTE,
  NORMAL_STAGE,
  NOW,
  statusOf,
} from './fixtures.ts';

const view: View = {
  now: NOW,
  colors: pc.createColors(false),
  command: (text) => `npx sluice ${text}`,
  deploy: 'npx sluice redeploy',
};

const lines = (...all: readonly string[]): string => all.join('\n');
const firstLine = (...stages: readonly StageStatus[]): string =>
  statusText(statusOf(...stages), view).split('\n')[0] ?? '';
const crm: StageStatus = { ...NORMAL_STAGE, id: 'crm' };
const widest = (text: string): number => Math.max(...text.split('\n').map(({ length }) => length));

describe('status', () => {
  it('of a normal pipeline is a line and a table', () => {
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

  it('of a degraded one: why, since when, the crash, what comes next, what to do', () => {
    expect(statusText(DEGRADED, view)).toBe(
      lines(
        'Sluice/Pipeline: degraded since 2026-11-22T21:40:00Z (12 min ago): ' +
          '5 messages were redriven within 5 minutes; accepting events, forwarding nothing',
        '',
        '                                  in the      in  parked     dead',
        'stage   mode          since        queue  flight    keys  letters',
        'router  degraded      12 min ago   1,204       0       5        0',
        'crm     normal, shut  always           0       0       0        0',
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
      'normal, with a destination that is not',
      [
        NORMAL_STAGE,
        { ...crm, mode: 'degraded', shut: true },
        { ...crm, id: 'lake', held: true, shut: true },
        { ...crm, id: 'mail', gauge: 1 },
      ],
      'normal; accepting and forwarding events; ' +
        'not normal: crm (degraded), lake (normal, held), mail (normal, page open)',
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
    ['when', { text: 'the pause ends', at: NOW + MINUTE }, 'in 1 min (2026-11-22T21:53:00Z): the pause ends'],
    ['that it is due', { text: 'the pause ends', at: NOW }, 'within a minute: the pause ends'],
    ['what has no time', { text: 'an operator must resume it' }, 'an operator must resume it'],
  ])('says what happens next, and %s', (_, step, text) => {
    const report = statusOf(NORMAL_STAGE, { ...crm, mode: 'degraded', shut: true, gauge: 1, next: [step] });
    expect(statusText(report, view)).toContain(`\n  next: ${text}\n`);
  });

  it('shows what fails in a normal stage from the first failure on, the newest first', () => {
    const failing: StageStatus = {
      ...crm,
      lastFailure: FAILURE,
      lastRefusal: {
        text: 'SendMessage failed: AccessDenied: no identity-based policy allows sqs:SendMessage',
        at: NOW - 5_000,
        codeVersion: '',
      },
      lastRejection: { text: '422: no such plan', at: NOW - 2 * MINUTE, codeVersion: 'v' },
      waiting: { messages: 1, keys: 0, own: 0 },
      progress: { filteredAt: NOW - MINUTE },
      next: [{ text: 'degraded at the latest, if nothing has got through by then', at: NOW + 9 * MINUTE }],
    };
    expect(statusText(statusOf(NORMAL_STAGE, failing), view)).toContain(
      lines(
        'crm: normal',
        '  refused by AWS: SendMessage failed: AccessDenied: no identity-based policy allows sqs:SendMessage',
        '    2026-11-22T21:51:55Z (5 s ago), code unknown',
        '  last failure: the destination answered 503: {"error":"down for maintenance"}',
        '    2026-11-22T21:51:40Z (20 s ago), code 77aa9c0d11e8',
        '  last rejection: 422: no such plan',
        '    2026-11-22T21:50:00Z (2 min ago), code v',
        '  waiting: 1 message in its queue, 0 parked users',
        '  never delivered, last filtered out 1 min ago',
        '  next: in 9 min (2026-11-22T22:01:00Z): degraded at the latest, if nothing has got through by then',
      ),
    );
  });

  it('a failure is shown for an hour, or until something is delivered after it', () => {
    const at = NOW - 61 * MINUTE;
    const failed = (deliveredAt: number): StageStatus => ({
      ...crm,
      lastFailure: { ...FAILURE, at },
      progress: { deliveredAt },
    });
    const shown = (stage: StageStatus): boolean =>
      // The router's newer one hides what is only history.
      statusText(statusOf({ ...NORMAL_STAGE, lastCrash: CRASH }, stage), view).includes('last failure');
    expect(shown(failed(at - 1))).toBe(true);
    expect(shown(failed(at + 1))).toBe(false);
    expect(shown({ ...failed(at + 1), lastFailure: FAILURE })).toBe(true);
  });

  it('shows failed probes, and a page that stays open after a relapse', () => {
    const text = statusText(
      statusOf(
        { ...NORMAL_STAGE, probeFailures: 1 },
        { ...crm, gauge: 1, next: [{ text: 'its page resolves, if it stays normal', at: NOW + 5 * MINUTE }] },
      ),
      view,
    );
    expect(text).toContain('router:\n  its function fails its probes');
    expect(text).toMatch(/^crm +normal, page open +always/m);
    expect(text).toContain(
      'crm: normal\n  next: in 5 min (2026-11-22T21:57:00Z): its page resolves, if it stays normal',
    );
  });

  it('tells of spilling, of redrives that count, and of trouble older than the mode', () => {
    const stage = {
      ...DEGRADED_ROUTER,
      mode: 'recovering' as const,
      shut: false,
      spill: true,
      redrives: 2,
      troubledSince: NOW - 60 * MINUTE,
    };
    const text = statusText(statusOf(stage), view);
    expect(text).toContain('  not forwarding normally since 2026-11-22T20:52:00Z (60 min ago)');
    expect(text).toContain('  its queue is being moved to the parking table');
    expect(text).toContain('  2 messages redriven recently');
  });

  it('does not say of a stage that is well again that it does not forward', () => {
    const well = { ...crm, since: NOW - MINUTE, troubledSince: NOW - 3 * MINUTE, lastFailure: FAILURE };
    const text = statusText(statusOf(NORMAL_STAGE, well), view);
    expect(text).toContain('last failure');
    expect(text).not.toContain('not forwarding');
  });

  it('shows the last crash of all when nothing is wrong any more', () => {
    const old = { ...crm, lastCrash: { ...DEGRADED_ROUTER.lastCrash, at: NOW - 99 * MINUTE } } as StageStatus;
    const text = statusText(
      statusOf({ ...DEGRADED_ROUTER, mode: 'normal', shut: false, gauge: 0 }, old),
      view,
    );
    expect(text.match(/last crash/g)).toHaveLength(1);
    expect(text).toMatch(/^router:\n {2}last crash: TypeError/m);
  });

  it('shows the late crashes of a stage, which is as normal as before', () => {
    const late = statusOf(NORMAL_STAGE, { ...crm, lateCrashes: LATE });
    expect(statusText(late, view)).toBe(
      lines(
        statusText(ALL_NORMAL, view),
        '',
        'crm: 3 late crashes since 2026-11-22T19:52:00Z (2 h ago). No event waits for them, and none is lost.',
        '  the last: Error: connect ECONNREFUSED',
        '    the transform failed after the event was answered, 2026-11-22T21:39:00Z (13 min ago), code 77aa9c0d11e8',
        '    event m-late in message 5b1b9c3e-8f0a-4b57-8d0c-1f2f3a4b5c6d',
        '    at enrich (file:///var/task/transform.mjs:9:11)',
      ),
    );
    expect(isAllNormal(late)).toBe(true);
  });

  it('shows late crashes of each stage, whatever else the stages are in', () => {
    const text = statusText(
      statusOf({ ...DEGRADED_ROUTER, lateCrashes: { ...LATE, count: 1 } }, { ...crm, lateCrashes: LATE }),
      view,
    );
    expect(text).toContain('\n\nrouter: 1 late crash since 2026-11-22T19:52:00Z (2 h ago).');
    expect(text).toContain('\n\ncrm: 3 late crashes since');
    expect(text.match(/last crash/g)).toHaveLength(1);
  });

  it('names orphans, and how to be rid of them', () => {
    const orphan = { id: 'old', queue: { visible: 3, inFlight: 1 }, deadLetters: 2, parkedKeys: 4 };
    const text = statusText({ ...ALL_NORMAL, orphans: [orphan] }, view);
    expect(text).toContain('No longer configured, but not empty. Configure them again with enabled: false');
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
    expect(rows[0]).toContain('recovering, shut');
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
