import { describe, expect, it } from '@jest/globals';
import { Dice } from '../../simulation/dice.ts';
import type { Invocation, Mishap } from '../../simulation/invocation.ts';
import { DAY, HOUR, MINUTE } from '../../simulation/settings.ts';
import { World } from '../../simulation/world.ts';
import { MODE_SETTINGS } from '../../support/memory-stage.ts';

const FIX = 20 * MINUTE;

/**
 * One of `a` throws, one of `b` ends its process, `c` is well. Two redrives degrade the stage; the fix lets it recover and
 * drains what is parked.
 */
const story = (mishap: (call: string, by?: Invocation) => Mishap): World => {
  const world = new World({
    random: new Dice(7).next,
    mishap,
    modeSettings: {
      ...MODE_SETTINGS,
      redriveThreshold: 2,
      window: 30 * MINUTE,
      pause: HOUR,
      recoverAfter: 3,
      // Its few messages are all there is: that nothing gets through while they wait is not what it is about.
      stallAfter: HOUR,
    },
    // One death may be charged to a message that did nothing but be in hand.
    settings: {
      ...{ crashes: 2, parkAfter: 15 * MINUTE, ownAfter: 3, stallAfter: 10 * MINUTE },
      ...{ spillAfter: 7 * DAY, maxDrainBackoff: HOUR },
    },
    code: {
      version: 'v1',
      loads: true,
      behaviour: (body) => (body === 'a:1' ? 'throw' : body === 'b:0' ? 'native' : 'deliver'),
    },
  });
  for (const key of ['a', 'a', 'a', 'b', 'b', 'c']) world.send(key);
  world.schedule.after(2 * MINUTE, () => {
    world.send('a');
  });
  world.schedule.after(FIX, () => {
    world.deploy({ version: 'v2', loads: true, behaviour: () => 'deliver' });
    world.send('a');
    world.send('b');
  });
  return world;
};

const report = async (world: World): Promise<string | undefined> => {
  const isOver = () => world.time > FIX + 5 * MINUTE && world.isAtRest;
  return world.report(await world.run(isOver, 8 * HOUR), 100);
};

const READS = /^(state\.read|modes\.read|parking\.(has|read|oldest|heads))/;

/** Control has tests of its own for this. Before a read or after it makes no difference. */
const counts = (call: string, by: Invocation | undefined, fate: Mishap): boolean =>
  by?.name.startsWith('control') !== true && !(fate.endsWith('before') && READS.test(call));

describe('one death, or one fault of AWS, at any call', () => {
  it('there is none in the story itself: both poisons are redriven, the stage degrades, and all is delivered', async () => {
    const world = story(() => 'none');
    expect(await report(world)).toBeUndefined();
    expect(world.audit).toMatchObject({ redriven: 2, duplicates: 0 });
    expect(world.state.mode('crm').history.map(({ mode }) => mode)).toEqual([
      'degraded',
      'recovering',
      'normal',
    ]);
  });

  it.each(['die before', 'die after', 'fault before', 'fault after'] as const)(
    '%s: nothing is lost, nothing overtakes, and both poisons are still the only ones redriven',
    async (fate) => {
      let calls = 0;
      const plain = story((call, by) => {
        if (counts(call, by, fate)) calls += 1;
        return 'none';
      });
      await report(plain);
      expect(calls).toBeGreaterThan(50);
      for (let nth = 1; nth <= calls; nth++) {
        let seen = 0;
        let where = '';
        const world = story((call, by) => {
          if (!counts(call, by, fate) || ++seen !== nth) return 'none';
          where = `${by?.name ?? 'mapping'} ${call}`;
          return fate;
        });
        const wrong = await report(world);
        if (wrong !== undefined) throw new Error(`${fate} call ${String(nth)}, ${where}: ${wrong}`);
        expect(world.audit.poisons.filter((body) => body !== 'a:1' && body !== 'b:0')).toEqual([]);
      }
    },
  );
});
