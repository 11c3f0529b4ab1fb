/** What `sluice status` shows below the table: failures, crashes and late crashes of stages. */
import { describe, expect, it } from '@jest/globals';
import { isAllNormal, statusText } from '../../cli/views/status.ts';
import type { StageStatus } from '../../contract/status.ts';
import {
  ALL_NORMAL,
  CRASH,
  DEGRADED_ROUTER,
  FAILURE,
  LATE,
  MINUTE,
  NORMAL_STAGE,
  NOW,
  statusOf,
  view,
} from './fixtures.ts';

const lines = (...all: readonly string[]): string => all.join('\n');
const crm: StageStatus = { ...NORMAL_STAGE, id: 'crm' };

describe('the status of a stage', () => {
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

  it('shows a failure for an hour, or until a later delivery', () => {
    const at = NOW - 61 * MINUTE;
    const failed = (deliveredAt: number): StageStatus => ({
      ...crm,
      lastFailure: { ...FAILURE, at },
      progress: { deliveredAt },
    });
    const shown = (stage: StageStatus): boolean =>
      // The router's newer failure hides an older, resolved one.
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

  it('shows spilling, redrives that count, and trouble older than the mode', () => {
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

  it('does not report a stage that works again as not forwarding', () => {
    const well = { ...crm, since: NOW - MINUTE, troubledSince: NOW - 3 * MINUTE, lastFailure: FAILURE };
    const text = statusText(statusOf(NORMAL_STAGE, well), view);
    expect(text).toContain('last failure');
    expect(text).not.toContain('not forwarding');
  });

  it('shows the last crash of all stages when nothing is wrong any more', () => {
    const old = { ...crm, lastCrash: { ...DEGRADED_ROUTER.lastCrash, at: NOW - 99 * MINUTE } } as StageStatus;
    const text = statusText(
      statusOf({ ...DEGRADED_ROUTER, mode: 'normal', shut: false, gauge: 0 }, old),
      view,
    );
    expect(text.match(/last crash/g)).toHaveLength(1);
    expect(text).toMatch(/^router:\n {2}last crash: TypeError/m);
  });

  it('shows the late crashes of a stage, which stays normal', () => {
    const late = statusOf(NORMAL_STAGE, { ...crm, lateCrashes: LATE });
    expect(statusText(late, view)).toBe(
      lines(
        statusText(ALL_NORMAL, view),
        '',
        'crm: 3 late crashes since 2026-11-22T19:52:00Z (2 h ago). They delay no event, and lose none.',
        '  the last: Error: connect ECONNREFUSED',
        '    the transform failed after the event was answered, 2026-11-22T21:39:00Z (13 min ago), code 77aa9c0d11e8',
        '    event m-late in message 5b1b9c3e-8f0a-4b57-8d0c-1f2f3a4b5c6d',
        '    at enrich (file:///var/task/transform.mjs:9:11)',
      ),
    );
    expect(isAllNormal(late)).toBe(true);
  });

  it('shows late crashes of each stage, whatever their modes', () => {
    const text = statusText(
      statusOf({ ...DEGRADED_ROUTER, lateCrashes: { ...LATE, count: 1 } }, { ...crm, lateCrashes: LATE }),
      view,
    );
    expect(text).toContain('\n\nrouter: 1 late crash since 2026-11-22T19:52:00Z (2 h ago).');
    expect(text).toContain('\n\ncrm: 3 late crashes since');
    expect(text.match(/last crash/g)).toHaveLength(1);
  });
});
