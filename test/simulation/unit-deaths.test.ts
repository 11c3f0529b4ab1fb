/** Messages that are drained several at a time: every call of their drain fails in turn. */
import { describe, expect, it } from '@jest/globals';
import { crashPoints, FATES } from './crash-points.ts';
import { tell } from './pipeline/run.ts';
import { SCENARIOS } from './pipeline/scenarios.ts';

const scenario = SCENARIOS.find(({ name }) => name.includes('several at a time'));
if (scenario === undefined) throw new Error('no scenario is about several messages at a time');

const READS = /^(state\.read|modes\.read|parking\.(has|read|page|heads))/;

/** A hundred runs, each to its end. The deadline catches a hang; it is no claim about speed. */
const DEADLINE_MS = 300_000;

describe('one death, or one AWS fault, at any call of a drain', () => {
  it('without one, all is delivered once, and some of it several messages at a time', async () => {
    const { violation, totals } = await tell(scenario);
    expect(violation).toBeUndefined();
    expect(totals).toMatchObject({ redrives: 1, duplicates: 0, flips: 0 });
    expect(totals.faults['several messages as one']).toBeGreaterThan(0);
  });

  // An event that is lost or overtakes another is a violation, and so is one that is delivered again without all that came after it.
  it.each(FATES)(
    '%s: nothing is lost, nothing overtakes, and what is repeated is repeated to its end',
    async (fate) => {
      const { points, violations } = await crashPoints(scenario, {
        fates: [fate],
        // Before a read or after it makes no difference.
        counts: (call, by) => by.startsWith('lake-drain') && !(fate.endsWith('before') && READS.test(call)),
      });
      expect(violations).toEqual([]);
      expect(points).toBeGreaterThan(15);
    },
    DEADLINE_MS,
  );
});
