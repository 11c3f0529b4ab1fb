/** The gauge after a relapse, and the pages about stages that are normal. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { control } from '../../../lambdas/control/control.ts';
import { asOwnTrouble } from '../../../lambdas/core/stage/own-trouble.ts';
import { MODE_SETTINGS } from '../../support/mode-settings.ts';
import { START, World } from './world.ts';

const MINUTE = 60_000;
const failed = {
  kind: 'failed',
  crash: { kind: 'load', error: 'SyntaxError: Unexpected end', codeVersion: 'bad', at: START },
} as const;

let world: World;
const minute = () => control({ source: 'aws.events' }, world.deps);

beforeEach(() => {
  world = new World();
});

describe('the gauge of a stage that is normal', () => {
  it('stays 1 after a relapse until that has lasted as long as the pause', async () => {
    world.mode('crm', { epoch: 4, announced: 4, since: START, relapsed: true, pause: 2 * MINUTE });
    for (let i = 0; i < 4; i++) {
      await minute();
      world.now += MINUTE;
    }
    expect(world.metric('DegradedMode', 'crm')).toEqual([1, 1, 0, 0]);
    // The mode itself is not held up: traffic flows.
    expect(world.updates).toEqual({});
  });
});

describe('users who are parked while their stage is normal', () => {
  const counts = () => world.metric('UsersParked');

  it('are a page of their own for as long as the window', async () => {
    world.mode('crm', { belowShareAt: START });
    world.mode('lake', { belowShareAt: START - 1 });
    await minute();
    world.now += 5 * MINUTE;
    await minute();
    world.now += 1;
    await minute();
    expect(counts()).toEqual([2, 1, 0]);
  });

  const park = async (user: string, reason: string) => {
    await world.parking.touchHead('crm', user, { token: user, now: world.now, reason });
  };

  it('are a page as well when each is in trouble of their own, so that nothing is counted', async () => {
    for (let i = 1; i <= MODE_SETTINGS.redriveThreshold; i++) {
      await park(`poison-${String(i)}`, asOwnTrouble('it crashed'));
      await minute();
      world.now += 1_000;
    }
    const threshold = MODE_SETTINGS.redriveThreshold;
    expect(counts()).toEqual(Array.from({ length: threshold }, (_, i) => (i + 1 < threshold ? 0 : 1)));
    // The first was parked longer ago than the window.
    world.now = START + MODE_SETTINGS.window + 1;
    await minute();
    expect(counts().at(-1)).toBe(0);
  });

  it('are counted however they came to be parked, since the stage is normal', async () => {
    for (let i = 0; i < MODE_SETTINGS.redriveThreshold; i++)
      await park(`user-${String(i)}`, i % 2 === 0 ? 'it crashed' : asOwnTrouble('it crashed'));
    await minute();
    world.mode('crm', { since: START + 1 });
    await minute();
    expect(counts()).toEqual([1, 0]);
  });

  it('are none while the stage is not normal, whose page says so', async () => {
    world.degraded('crm', { belowShareAt: START });
    await minute();
    expect(counts()).toEqual([0]);
  });
});

describe('probes that fail twice in a row', () => {
  const progressing = async () => {
    await minute();
    world.now += MINUTE;
    await world.state.saveProgress('crm', { deliveredAt: world.now - 1 });
  };

  it('are a page and no flip while messages get through between them', async () => {
    world.probes.set('function-crm', failed);
    await progressing();
    await progressing();
    await progressing();
    expect(world.state.mode('crm').mode).toBe('normal');
    expect(world.metric('ProbesFailing')).toEqual([0, 1, 1]);
    world.probes.set('function-crm', { kind: 'answered', codeVersion: 'v' });
    await minute();
    expect(world.metric('ProbesFailing').at(-1)).toBe(0);
  });
});

describe('two controls at the same moment', () => {
  it('see one failed probe, and do not degrade by it; the next minute’s is the second', async () => {
    world.probes.set('function-crm', failed);
    await Promise.all([minute(), minute()]);
    world.now += 1_000;
    await minute();
    expect(world.state.mode('crm')).toMatchObject({ mode: 'normal', probeFailures: 1 });
    world.now += MINUTE;
    await Promise.all([minute(), minute()]);
    expect(world.state.mode('crm')).toMatchObject({ mode: 'degraded', epoch: 1, announced: 1 });
    expect(world.trials.length).toBeGreaterThan(0);
  });
});
