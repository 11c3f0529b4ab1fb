import { describe, expect, it } from '@jest/globals';
import pc from 'picocolors';
import type { View } from '../../cli/session.ts';
import { isAllNormal, statusText } from '../../cli/views/status.ts';
import type { StageStatus } from '../../config/operations.ts';
import {
  ALL_NORMAL,
  DEGRADED,
  DEGRADED_ROUTER,
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
        '  next: it tries again in 3 min (2026-11-22T21:55:00Z), or as soon as other code is deployed',
        "  last crash: TypeError: Cannot read properties of undefined (reading 'plan')",
        '    the code threw, 2026-11-22T21:39:00Z (13 min ago), code 3f2a9c0d11e8',
        '    event m-poison in message 0d7e5a52-6a3f-4d0e-9a53-9d1f4b8c2e11',
        '    at transform (file:///var/task/transform.mjs:3:27)',
        '    at runTransform (file:///var/task/index.mjs:812:20)',
        '    at process (file:///var/task/index.mjs:901:11)',
        '',
        'What you can do:',
        '  npx sluice redeploy  deploy a fix, or what ran before: recovery then begins by itself',
        '  npx sluice resume    try again now, without waiting',
        '  npx sluice parked    the keys that are set aside, and why',
        '  npx sluice report    all of this in one file, for whoever looks for the cause',
      ),
    );
  });

  it.each<[string, readonly StageStatus[], string]>([
    [
      'normal again',
      [{ ...NORMAL_STAGE, since: NOW - MINUTE, reason: '20 messages were processed' }, crm],
      'normal since 2026-11-22T21:51:00Z (1 min ago); accepting and forwarding events',
    ],
    [
      'normal, with a destination that is not',
      [
        NORMAL_STAGE,
        { ...crm, mode: 'degraded', shut: true },
        { ...crm, id: 'lake', held: true, shut: true },
      ],
      'normal; accepting and forwarding events; not normal: crm (degraded), lake (normal, held)',
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

  it.each<[string, Partial<StageStatus>, Partial<StageStatus>, string]>([
    [
      'a pause',
      { mode: 'degraded', shut: true, pauseUntil: NOW + MINUTE },
      {},
      'it tries again in 1 min (2026-11-22T21:53:00Z), or',
    ],
    [
      'a pause that is over',
      { mode: 'degraded', shut: true, pauseUntil: NOW },
      {},
      'it tries again within a minute, or',
    ],
    [
      'a pause that is not known',
      { mode: 'degraded', shut: true },
      {},
      'it tries again as soon as other code is deployed',
    ],
    ['a hold', { held: true, shut: true }, {}, 'it stays held until npx sluice resume crm'],
    [
      'the router',
      { mode: 'recovering', shut: true },
      { mode: 'degraded', shut: true },
      'it waits for the router',
    ],
    [
      "the router's hold",
      { mode: 'degraded', shut: true },
      { held: true, shut: true },
      'it waits for the router',
    ],
    ['recovery', { mode: 'recovering', successes: 7 }, {}, '7 messages processed so far; it is normal after'],
  ])('says what a stage waits for: %s', (_, own, system, text) => {
    const report = statusOf({ ...NORMAL_STAGE, ...system }, { ...crm, ...own });
    expect(statusText(report, view)).toMatch(
      new RegExp(`^crm: .*\n  next: ${text.replace(/[()]/g, '\\$&')}`, 'm'),
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
    expect(text).toContain('  2 messages redriven of late; a few more, and it is degraded');
  });

  it('shows the last crash of all when nothing is wrong any more', () => {
    const old = { ...crm, lastCrash: { ...DEGRADED_ROUTER.lastCrash, at: NOW - 99 * MINUTE } } as StageStatus;
    const text = statusText(statusOf({ ...DEGRADED_ROUTER, mode: 'normal', shut: false }, old), view);
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
