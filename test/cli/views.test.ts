import { describe, expect, it } from '@jest/globals';
import { holdText, resumeText } from '../../cli/views/hold.ts';
import { parkedText, retryText, showText } from '../../cli/views/parked.ts';
import { rejectedText } from '../../cli/views/rejected.ts';
import { statusText } from '../../cli/views/status.ts';
import type { ParkedMessageView } from '../../contract/operator-views.ts';
import type { StageStatus } from '../../contract/status.ts';
import {
  ALL_NORMAL,
  DEGRADED_ROUTER,
  KEY,
  MINUTE,
  NORMAL_STAGE,
  NOW,
  PARKED_KEY,
  REJECTED,
  SHOWN,
  view,
} from './fixtures.ts';

const lines = (...all: readonly string[]): string => all.join('\n');
const crm: StageStatus = { ...NORMAL_STAGE, id: 'crm' };

describe('hold and resume', () => {
  it('of the router apply to the whole pipeline', () => {
    expect(holdText({ ...NORMAL_STAGE, held: true, shut: true }, view)).toBe(
      lines(
        'The whole pipeline is held: a hold of the router blocks every destination too.',
        'Events are accepted and kept, and not forwarded, until someone resumes it. What is in flight is finished.',
        'Undo: npx sluice resume',
      ),
    );
  });

  it('of a destination apply to it alone', () => {
    const text = holdText({ ...crm, held: true, shut: true }, view);
    expect(text).toContain('crm is held; the other stages continue.');
    expect(text).toContain('Undo: npx sluice resume crm');
  });

  it.each<[StageStatus, string]>([
    [crm, 'crm is resumed; it is normal.'],
    [
      { ...NORMAL_STAGE, mode: 'recovering' },
      'The pipeline is resumed and recovering: it forwards at a low rate first',
    ],
    [{ ...crm, shut: true }, 'crm is resumed, but forwards nothing yet: the router is degraded or held'],
    [
      { ...DEGRADED_ROUTER, reason: 'why' },
      'The pipeline is resumed, but forwards nothing yet: it is degraded: why',
    ],
  ])('resume shows the resulting mode: %#', (stage, text) => {
    expect(resumeText(stage, view)).toContain(text);
  });
});

describe('parked', () => {
  it('nothing', () => {
    expect(parkedText({ keys: [] }, view)).toBe('Nothing is parked.');
  });

  it('keys by stage, each with the reason', () => {
    const { crash, ...other } = {
      ...PARKED_KEY,
      stage: 'crm',
      messages: 100,
      countIsExact: false,
      nextAttemptAt: 0,
    };
    expect(crash).toBeDefined();
    expect(
      parkedText({ keys: [PARKED_KEY, { ...other, reason: 'failed for 15 minutes' }], cursor: 'abc' }, view),
    ).toBe(
      lines(
        'router: 1 parked key',
        '  key                                          messages  parked      tries  next try',
        `  ${KEY}         2  14 min ago      2  in 4 min`,
        "    crashed 3 times: TypeError: Cannot read properties of undefined (reading 'plan')",
        '',
        'crm: 1 parked key',
        '  key                                          messages  parked      tries  next try',
        `  ${KEY}      100+  14 min ago      2  due`,
        '    failed for 15 minutes',
        '',
        'There are more: raise --limit, or continue with --cursor abc',
        'Look at one: npx sluice show <stage> <key>',
        'Put them back now: npx sluice retry <stage> [key]',
      ),
    );
  });

  it('one key, message by message', () => {
    const text = showText(SHOWN, view);
    expect(text).toContain(
      `router  ${KEY}\n  parked since 2026-11-22T21:38:00Z (14 min ago): crashed 3 times\n`,
    );
    expect(text).toContain('  2 messages; 2 unsuccessful tries; next try: in 4 min (2026-11-22T21:56:00Z)');
    expect(text).toContain('  1. accepted 2026-11-22T21:37:00Z (15 min ago)\n     crash: TypeError');
    expect(text).toContain('       at run (file:///var/task/index.mjs:990:5)\n     track     m-poison');
    expect(text).toContain('  2. accepted 2026-11-22T21:42:00Z (10 min ago); 1 event of it finished already');
    expect(text).toContain('     last error: the destination answered 503\n     identify  m-later');
    expect(text).not.toContain('There are more');
    expect(text).not.toContain('failed');
  });

  it('since when a message fails', () => {
    const [, message] = SHOWN.messages;
    if (message === undefined) throw new Error('the fixture has no second message');
    const shown = (change: Partial<ParkedMessageView>): string =>
      showText({ ...SHOWN, messages: [{ ...message, ...change }] }, view);
    const firstFailedAt = NOW - 10 * MINUTE;
    expect(shown({ failures: 7, firstFailedAt, lastFailedAt: NOW - MINUTE })).toContain(
      '503\n       failed 7 times since 2026-11-22T21:42:00Z (10 min ago), last 1 min ago\n',
    );
    expect(shown({ failures: 1, firstFailedAt, lastFailedAt: firstFailedAt })).toContain(
      '       failed 1 time since 2026-11-22T21:42:00Z (10 min ago)\n',
    );
  });

  it("shows an event's content only if it is present, without escape sequences", () => {
    const [message] = SHOWN.messages;
    if (message === undefined) throw new Error('the fixture has no message');
    const events = [{ messageId: 'm', type: 'track', event: { name: 'a\u001b[2Jb', c1: 'x\u009b2Jy' } }];
    const text = showText({ ...SHOWN, messages: [{ ...message, events }], more: true }, view);
    expect(text).toContain('     track     m\n       {\n         "name": "a\\u001b[2Jb",');
    expect(text).not.toMatch(/[\u009b\u001b]/);
    expect(text).toContain('There are more messages: raise --limit.');
  });

  it.each([
    [{ keys: 0 }, 'Nothing is parked there.'],
    [{ keys: 1 }, '1 parked key due now. What of it is left: npx sluice parked'],
    [
      { keys: 3, shut: ['crm', 'lake'] },
      '3 parked keys due now. What of it is left: npx sluice parked\n' +
        'Left out, because they forward nothing now: crm, lake. See npx sluice status',
    ],
  ])('retry %j', (result, text) => {
    expect(retryText(result, view)).toBe(text);
  });
});

describe('rejected', () => {
  it('records by stage, each with its full id', () => {
    const { answer, ...other } = { ...REJECTED, stage: 'ingest', id: 'x'.repeat(90), discarded: true };
    expect(answer).toBeDefined();
    expect(rejectedText({ events: [REJECTED, { ...other, reason: 'a test', body: '{}' }] }, view)).toBe(
      lines(
        'crm: 1 record',
        '  rejected    source  events    size  why',
        '  32 min ago  web          1  1.2 KB  the destination answered 422',
        '    9d4b6a0e-51c6-4f0e-8d0c-0f5d8a3a1f77:0:0',
        '    answered 422: {"error":"no such plan"}',
        '',
        'ingest: 1 record',
        '  rejected    source  events    size  why',
        '  32 min ago  web          1  1.2 KB  discarded by hand: a test',
        `    ${'x'.repeat(90)}`,
        '    {}',
        '',
        'Send one again: npx sluice rejected retry <stage> <id>',
      ),
    );
  });

  it('nothing', () => {
    expect(rejectedText({ events: [] }, view)).toBe('Nothing was rejected.');
  });
});

describe('records with a retention', () => {
  const DAY = 24 * 60 * MINUTE;
  const retention = 90 * DAY;

  it('are listed with when the first of them is deleted', () => {
    const event = { ...REJECTED, at: NOW - 80 * DAY };
    expect(rejectedText({ events: [{ ...event, at: NOW }, event], retention }, view)).toContain(
      'Records are deleted when they are 90 days old; the first of these in 10 d (2026-12-02T21:52:00Z).',
    );
    expect(rejectedText({ events: [{ ...event, at: NOW - 91 * DAY }], retention }, view)).toContain(
      'the first of these within a day or so of now.',
    );
    expect(rejectedText({ events: [event] }, view)).not.toContain('deleted');
    expect(rejectedText({ events: [], retention }, view)).toBe('Nothing was rejected.');
  });

  it('are in the status while some of them will soon be deleted', () => {
    const expiring = [
      { stage: 'crm', records: 1_204, unseen: 7, next: NOW + 5 * DAY },
      { stage: 'ingest', records: 1, unseen: 0, next: NOW + 60 * MINUTE },
    ];
    expect(statusText({ ...ALL_NORMAL, expiring }, view)).toContain(
      lines(
        'Records of rejected events that will be deleted, because their retention is over:',
        '  crm: 1,204 records, the first in 5 d (2026-11-27T21:52:00Z); nobody has seen 7: npx sluice rejected list crm',
        '  ingest: 1 record, the first in 60 min (2026-11-22T22:52:00Z)',
      ),
    );
  });
});
