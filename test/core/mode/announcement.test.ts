import { beforeEach, describe, expect, it } from '@jest/globals';
import { publishMode } from '../../../lambdas/core/mode/keeper.ts';
import { announcementOf } from '../../../lambdas/core/mode/announcement.ts';
import { type ModeRecord, NORMAL } from '../../../lambdas/core/mode/record.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { Announcement } from '../../../lambdas/core/mode/ports.ts';
import { MemoryParking } from '../../support/memory-parking.ts';
import { MODE_SETTINGS } from '../../support/mode-settings.ts';
import { MemoryState } from '../../support/memory-state.ts';

const MINUTE = 60_000;
const settings = { ...MODE_SETTINGS, minute: MINUTE, stallAfter: 10 * MINUTE, redriveShare: 0.05 };
const names = { pipeline: 'Sluice/Pipeline', stackName: 'Shop' };
const SINCE = Date.UTC(2026, 10, 22);
const flipped: ModeRecord = {
  ...NORMAL,
  mode: 'degraded',
  epoch: 3,
  rev: 9,
  since: SINCE,
  reason: 'why',
  pause: 5 * MINUTE,
  pauseUntil: SINCE + 5 * MINUTE,
  announced: 2,
};

let modes: MemoryState;
let published: Announcement[];
beforeEach(() => {
  modes = new MemoryState(new MemoryParking());
  modes.modes.set('crm', flipped);
  published = [];
});

const announce = (record: ModeRecord, fails = false) =>
  publishMode(
    {
      modes,
      clock: () => SINCE + 1,
      uuid: () => 'write',
      settings,
      announcement: (stage, of) => announcementOf(stage, of, names, settings),
      announcer: {
        announce: async (announcement) => {
          await Promise.resolve();
          if (fails) throw new InfraFault('down');
          published.push(announcement);
        },
      },
    },
    'crm',
    record,
  );

const of = (record: Partial<ModeRecord>): Announcement =>
  announcementOf('crm', { ...flipped, ...record }, names, settings);
const linesOf = (record: Partial<ModeRecord>): readonly string[] => of(record).text.split('\n');

describe('an announcement', () => {
  it('contains what a program needs, and leaves out what is not known', () => {
    expect(of({})).toEqual({
      text: [
        'Destination crm of dataplane server Sluice/Pipeline entered degraded mode',
        'Why: why',
        'Next: every minute a trial of up to 10 waiting users: ' +
          'the first event that gets through starts the recovery',
        'Next: 2026-11-22T00:05:00Z: the pause ends, and recovery starts',
        'Next: other code starts the recovery as soon as it answers a probe',
        'Look: npx sluice status --stack Shop',
        'Fixed? npx sluice resume crm --stack Shop',
      ].join('\n'),
      pipeline: 'Sluice/Pipeline',
      stage: 'crm',
      mode: 'degraded',
      epoch: 3,
      since: '2026-11-22T00:00:00.000Z',
      reason: 'why',
      next: [
        { text: expect.stringMatching(/^every minute a trial/) },
        { text: 'the pause ends, and recovery starts', at: '2026-11-22T00:05:00.000Z' },
        { text: 'other code starts the recovery as soon as it answers a probe' },
      ],
      command: 'npx sluice status --stack Shop',
    });
  });

  it('about the router begins with RudderStack’s wording', () => {
    const first = (stage: string, router?: string): string | undefined =>
      announcementOf(stage, flipped, names, settings, router).text.split('\n')[0];
    expect(first('router')).toBe('Dataplane server Sluice/Pipeline entered degraded mode');
    expect(first('front', 'front')).toMatch(/^Dataplane server /);
    expect(first('crm', 'front')).toMatch(/^Destination crm of dataplane server /);
  });

  it('names the last error of every kind without what it quotes, the code, and what is waiting', () => {
    const lastCrash = {
      kind: 'exit',
      error: 'Error: exit\n  of the thread',
      codeVersion: 'v1',
      at: SINCE - 2 * MINUTE,
    } as const;
    const lastFailure = { text: 'the destination answered 503: down', at: SINCE - MINUTE, codeVersion: 'v2' };
    const lastRefusal = { text: 'AccessDenied: no', at: SINCE - 3 * MINUTE, codeVersion: 'v2' };
    const lastRejection = { text: 'answered 400: no plan', at: SINCE, codeVersion: 'v2' };
    const waiting = { messages: 1, keys: 5, own: 2 };
    const code = { version: 'v2', since: SINCE - 4 * MINUTE };
    const known = { lastCrash, lastFailure, lastRefusal, lastRejection, waiting, code, codeVersion: 'v1' };
    expect(of(known)).toMatchObject({
      lastCrash: { ...lastCrash, error: 'Error' },
      lastFailure: { ...lastFailure, text: 'the destination answered 503' },
      lastRefusal,
      lastRejection: { ...lastRejection, text: 'answered 400' },
      waiting,
      code: { version: 'v2', since: '2026-11-21T23:56:00.000Z' },
    });
    // The newest first: it is the most likely cause.
    expect(linesOf(known).slice(2, 9)).toEqual([
      'Last rejection: answered 400 (2026-11-22T00:00:00Z)',
      'Last failure: the destination answered 503 (2026-11-21T23:59:00Z)',
      'Last crash (exit): Error (2026-11-21T23:58:00Z)',
      'Refused by AWS: AccessDenied: no (2026-11-21T23:57:00Z)',
      'Code: v2, first seen 2026-11-21T23:56:00Z (4 minutes before)',
      'Code that failed: v1',
      'Waiting when last counted: 1 message in the queue, 5 users parked; 2 more in trouble of their own',
    ]);
  });

  it.each([
    [0, 'less than a minute'],
    [MINUTE, '1 minute'],
    [119 * MINUTE, '119 minutes'],
    [120 * MINUTE, '2 hours'],
    [49 * 60 * MINUTE, '2 days'],
  ])('says how long before the change the code was deployed: %d ms', (before, text) => {
    const lines = linesOf({ code: { version: 'v', since: SINCE - before }, codeVersion: 'v' });
    expect(lines.filter((line) => line.startsWith('Code'))).toEqual([
      expect.stringMatching(new RegExp(`^Code: v, first seen .*Z \\(${text} before\\)$`)),
    ]);
  });

  it('names the code that failed when no code has answered a probe', () => {
    expect(linesOf({ codeVersion: 'v' })).toContain('Code: v');
  });

  it('leaves out errors that are an hour old, and errors of a stage that works again', () => {
    const lastFailure = { text: 'answered 503', at: SINCE - 60 * MINUTE, codeVersion: '' };
    expect(of({ lastFailure }).text).not.toContain('Last failure');
    expect(of({ lastFailure })).toHaveProperty('lastFailure', lastFailure);
    const young = { ...lastFailure, at: SINCE };
    expect(of({ lastFailure: young }).text).toContain('Last failure');
    const again = of({ lastFailure: young, mode: 'normal', relapsed: true, proven: true });
    expect(again.text).toBe(
      [
        'Destination crm of dataplane server Sluice/Pipeline entered normal mode',
        'Why: why',
        'Next: 2026-11-22T00:05:00Z: its page resolves, if it stays normal',
        'Look: npx sluice status --stack Shop',
      ].join('\n'),
    );
  });

  it('keeps its lines short, with one line per error', () => {
    const lastFailure = { text: `AccessDenied:\n${'x'.repeat(2_000)}`, at: SINCE, codeVersion: '' };
    const line = linesOf({ lastRefusal: lastFailure }).find((text) => text.startsWith('Refused'));
    expect(line).toMatch(/^Refused by AWS: AccessDenied: x+… \(/);
    expect(line?.length).toBeLessThan(350);
    expect(linesOf({ reason: '' })).not.toContain('Why: ');
  });

  it('is published once, and recorded as published', async () => {
    await announce(flipped);
    expect(published).toHaveLength(1);
    expect(modes.mode('crm').announced).toBe(3);
    await announce(modes.mode('crm'));
    expect(published).toHaveLength(1);
  });

  it('is not recorded as published when publishing fails', async () => {
    await expect(announce(flipped, true)).rejects.toThrow(InfraFault);
    expect(modes.mode('crm').announced).toBe(2);
  });
});
