/** A sample of the calls of all scenarios is not enough for parking: here every call of a stage's functions fails in turn. */
import { describe, expect, it } from '@jest/globals';
import { crashPoints, FATES } from './crash-points.ts';
import { tell } from './pipeline/run.ts';
import { SCENARIOS } from './pipeline/scenarios.ts';

const scenario = SCENARIOS.find(({ name }) => name.includes('two poisons'));
if (scenario === undefined) throw new Error('no scenario is about two poisons');

const READS = /^(state\.read|modes\.read|parking\.(has|read|oldest|heads))/;

describe('one death, or one AWS fault, at any call', () => {
  it('without one, both poisons are redriven, the stage degrades, and all is delivered', async () => {
    const { violation, totals } = await tell(scenario);
    expect(violation).toBeUndefined();
    // Degraded, recovering, normal.
    expect(totals).toMatchObject({ redrives: 2, duplicates: 0, flips: 3 });
  });

  // A redrive without crashes of that message's own is a violation, as are a lost event and one that overtakes another.
  it.each(FATES)(
    '%s: no event is lost or overtakes another, and only the two poisons are redriven',
    async (fate) => {
      const { points, violations } = await crashPoints(scenario, {
        fates: [fate],
        // Before a read or after it makes no difference.
        counts: (call, by) => by.startsWith('crm') && !(fate.endsWith('before') && READS.test(call)),
      });
      expect(violations).toEqual([]);
      expect(points).toBeGreaterThan(50);
    },
  );
});
