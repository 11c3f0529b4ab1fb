import { describe, expect, it } from '@jest/globals';
import {
  type ModeRecord,
  NORMAL,
  type StageProgress,
  UNREADABLE,
} from '../../../lambdas/core/mode/record.ts';
import { outlook } from '../../../lambdas/core/mode/outlook.ts';
import { MODE_SETTINGS } from '../../support/mode-settings.ts';

const MINUTE = 60_000;
const NOW = 1_763_000_000_000;
const settings = { ...MODE_SETTINGS, minute: MINUTE, stallAfter: 10 * MINUTE, redriveShare: 0.05 };

const next = (
  record: Partial<ModeRecord>,
  { system, progress = {} }: { system?: ModeRecord; progress?: StageProgress } = {},
) => outlook({ own: { ...NORMAL, ...record }, system, progress, now: NOW, settings });

const FLIP = 'degraded at the latest, if nothing has got through by then';

describe('what happens next', () => {
  it('nothing, in a stage that is well', () => {
    expect(next({})).toEqual([]);
    // While events arrive, some work is always waiting.
    expect(
      next({ waitingSince: NOW - 99 * MINUTE }, { progress: { deliveredAt: NOW - 2 * MINUTE } }),
    ).toEqual([]);
  });

  it('only an operator’s resume, in a stage that is held or unreadable', () => {
    expect(next({ mode: 'degraded', held: true })).toEqual([
      { text: 'an operator must resume it: it is held' },
    ]);
    expect(next(UNREADABLE)).toEqual([
      { text: 'an operator must resume it: the stored mode cannot be read' },
    ]);
  });

  it('the router’s recovery, in a stage that the router blocks, also if only its own record is known', () => {
    const blocked = [{ text: 'it waits for the router, which blocks every destination' }];
    expect(next({ mode: 'recovering' }, { system: { ...NORMAL, mode: 'degraded' } })).toEqual(blocked);
    expect(next({ mode: 'degraded' }, { system: { ...NORMAL, held: true } })).toEqual(blocked);
    expect(next({ mode: 'degraded', frozenAt: NOW - 1 })).toEqual(blocked);
  });

  it('in a degraded stage: trials, the end of its pause, other code', () => {
    const pauseUntil = NOW + 3 * MINUTE;
    expect(next({ mode: 'degraded', pauseUntil })).toEqual([
      {
        text:
          'every minute a trial of up to 10 waiting users: ' +
          'the first event that gets through starts the recovery',
      },
      { text: 'the pause ends, and recovery starts', at: pauseUntil },
      { text: 'other code starts the recovery as soon as it answers a probe' },
    ]);
    expect(next({ mode: 'degraded', pauseUntil: NOW - 1 })[1]).toHaveProperty('at', NOW);
    expect(next({ mode: 'degraded', pauseUntil, probeFailures: 2 })[1]).toEqual({
      text: 'the pause does not end before the function answers a probe',
    });
  });

  it('in a recovering stage: the end of its window, or messages that get through', () => {
    const windowFrom = NOW - MINUTE;
    const normal = [
      {
        text: 'its window ends: normal, if something got through in it or nothing was left to do',
        at: NOW + 4 * MINUTE,
      },
      { text: 'normal earlier, after 20 messages that got through: 7 so far' },
    ];
    expect(next({ mode: 'recovering', windowFrom, successes: 7 })).toEqual(normal);
    expect(next({ mode: 'recovering', windowFrom, successes: 7, probeFailures: 1 })).toEqual([
      { text: 'not normal before the function answers a probe' },
      ...normal,
    ]);
    const troubled = { mode: 'recovering', windowFrom, successes: 7, troubleFrom: NOW - MINUTE } as const;
    expect(next(troubled)).toEqual([
      { text: 'degraded again, if it still fails and nothing has got through', at: NOW + MINUTE },
      ...normal,
    ]);
    expect(next(troubled, { progress: { filteredAt: NOW } })).toEqual(normal);
  });

  it('in a stage whose window is over, while messages wait that the mapping does not hand out', () => {
    const recovering = { mode: 'recovering', windowFrom: NOW - 5 * MINUTE, proven: true } as const;
    const waiting = { messages: 3, keys: 0, own: 0 };
    const fed = {
      text: 'its window is over: normal once the mapping of its queue hands messages to the function',
    };
    expect(next({ ...recovering, waiting })).toEqual([fed]);
    expect(next({ ...recovering, waiting, waitingSince: NOW - 2 * MINUTE })).toEqual([
      fed,
      { text: 'degraded again, if nothing gets through', at: NOW + 8 * MINUTE },
    ]);
    expect(next({ ...recovering, waiting, invoked: true })).not.toContainEqual(fed);
    expect(next({ ...recovering, waiting, windowFrom: NOW })).not.toContainEqual(fed);
  });

  it('in a normal stage that fails: the latest time at which it is degraded', () => {
    const failing = { since: NOW - MINUTE, count: 20, keys: ['a', 'b'] };
    const waitingSince = NOW - 99 * MINUTE;
    const progress = { deliveredAt: NOW - 2 * MINUTE };
    expect(next({ failing, waitingSince }, { progress })).toEqual([{ text: FLIP, at: NOW + MINUTE }]);
    // A single user does not trip the breaker; a stage through which nothing gets does.
    const alone = { ...failing, keys: ['a'] };
    const stalls = [{ text: FLIP, at: NOW + 8 * MINUTE }];
    expect(next({ failing: alone, waitingSince }, { progress })).toEqual(stalls);
    expect(next({ failing: { ...failing, count: 19 }, waitingSince }, { progress })).toEqual(stalls);
    expect(next({ failing: alone }, { progress })).toEqual([]);
    expect(next({ failing, waitingSince }, { progress: { deliveredAt: NOW } })).toEqual([]);
  });

  it('in a normal stage whose process dies, or whose events are all rejected', () => {
    const waitingSince = NOW - MINUTE;
    const deaths = [{ id: 'm', at: NOW }];
    expect(next({ deaths, waitingSince })).toEqual([{ text: FLIP, at: NOW + 9 * MINUTE }]);
    const rejecting = { since: NOW - 4 * MINUTE, count: 1 };
    // A filtered event does not show that the destination accepts events.
    const progress = { filteredAt: NOW };
    expect(next({ rejecting }, { progress })).toEqual([{ text: FLIP, at: NOW + 6 * MINUTE }]);
    expect(next({ rejecting }, { progress: { deliveredAt: NOW } })).toEqual([]);
  });

  it('in a normal stage that is not invoked: an entry only after two minutes', () => {
    expect(next({ waitingSince: NOW - 2 * MINUTE })).toEqual([]);
    expect(next({ waitingSince: NOW - 3 * MINUTE })).toEqual([{ text: FLIP, at: NOW + 7 * MINUTE }]);
    expect(next({ waitingSince: NOW - 99 * MINUTE })).toEqual([{ text: FLIP, at: NOW }]);
    expect(next({ waitingSince: NOW - 99 * MINUTE, releasedAt: NOW - MINUTE })).toEqual([]);
  });

  it('in a normal stage that fails probes, or redrives', () => {
    expect(next({ probeFailures: 1 })).toEqual([
      { text: 'degraded, if another probe fails and nothing has got through since the one before' },
    ]);
    const redrives = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `m${i}`, at: NOW }));
    const share = 'if they are a large share of the traffic';
    expect(next({ redrives: redrives(2) })).toEqual([
      { text: `degraded after 3 more redrives within 5 minutes, ${share}` },
    ]);
    expect(next({ redrives: redrives(4) })).toEqual([
      { text: `degraded after one more redrive within 5 minutes, ${share}` },
    ]);
    expect(next({ redrives: redrives(5) })).toEqual([
      { text: 'degraded, if at least 5 % of the messages are redriven within 5 minutes' },
    ]);
    expect(next({ redrives: [{ id: 'm', at: NOW - 6 * MINUTE }] })).toEqual([]);
  });

  it('when a page stays open after a relapse', () => {
    const relapse = { relapsed: true, since: NOW - MINUTE, pause: 10 * MINUTE, proven: true };
    expect(next(relapse)).toEqual([{ text: 'its page resolves, if it stays normal', at: NOW + 9 * MINUTE }]);
    const unproven = {
      ...relapse,
      since: NOW - 20 * MINUTE,
      proven: false,
      waitingSince: NOW,
      waiting: { messages: 1, keys: 0, own: 0 },
    };
    expect(next(unproven)).toEqual([{ text: 'its page resolves when something gets through' }]);
    expect(next({ ...unproven, proven: true })).toEqual([]);
  });
});
