import { beforeEach, describe, expect, it } from '@jest/globals';
import { announceFlip, announcementOf } from '../../lambdas/core/announce.ts';
import { NORMAL, type ModeRecord } from '../../lambdas/core/mode.ts';
import { InfraFault, type Announcement } from '../../lambdas/core/ports.ts';
import { MemoryParking } from '../support/memory-parking.ts';
import { MODE_SETTINGS } from '../support/memory-stage.ts';
import { MemoryState } from '../support/memory-state.ts';

const names = { pipeline: 'Sluice/Pipeline', stackName: 'Shop' };
const flipped: ModeRecord = {
  ...NORMAL,
  mode: 'degraded',
  epoch: 3,
  rev: 9,
  since: Date.UTC(2026, 10, 22),
  reason: 'why',
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
  announceFlip(
    {
      modes,
      clock: () => flipped.since + 1,
      settings: MODE_SETTINGS,
      announcement: (stage, of) => announcementOf(stage, of, names),
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

describe('an announcement', () => {
  it('has what a program needs, and no crash when none is known', () => {
    expect(announcementOf('crm', flipped, names)).toEqual({
      text: 'Destination crm of dataplane server Sluice/Pipeline entered degraded mode',
      pipeline: 'Sluice/Pipeline',
      stage: 'crm',
      mode: 'degraded',
      epoch: 3,
      since: '2026-11-22T00:00:00.000Z',
      reason: 'why',
      command: 'npx sluice status --stack Shop',
    });
  });

  it('of the router is in RudderStack’s own words, and tells of the last crash', () => {
    const lastCrash = {
      kind: 'throw',
      error: 'TypeError: no name',
      codeVersion: 'v1',
      at: flipped.since,
    } as const;
    expect(announcementOf('router', { ...flipped, lastCrash }, names)).toMatchObject({
      text: 'Dataplane server Sluice/Pipeline entered degraded mode',
      stage: 'router',
      lastCrash,
    });
    expect(announcementOf('crm', flipped, names)).not.toHaveProperty('lastCrash');
    expect(announcementOf('front', flipped, names, 'front').text).toMatch(/^Dataplane server /);
  });

  it('is published once, and noted', async () => {
    await announce(flipped);
    expect(published).toHaveLength(1);
    expect(modes.mode('crm').announced).toBe(3);
    await announce(modes.mode('crm'));
    expect(published).toHaveLength(1);
  });

  it('is not noted when it could not be published', async () => {
    await expect(announce(flipped, true)).rejects.toThrow(InfraFault);
    expect(modes.mode('crm').announced).toBe(2);
  });
});
