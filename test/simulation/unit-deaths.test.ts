/** Messages that are worked on several at a time: every call of their drain, or of their batch, fails in turn. */
import { describe, expect, it } from '@jest/globals';
import { crashPoints, FATES } from './crash-points.ts';
import type { Plan } from './pipeline/plan.ts';
import { tell } from './pipeline/run.ts';
import { SCENARIOS } from './pipeline/scenarios.ts';

const storyOf = (name: string): Plan => {
  const story = SCENARIOS.find((one) => one.name.startsWith(name));
  if (story === undefined) throw new Error(`no scenario is about ${name}`);
  return story;
};

const READS = /^(state\.read|modes\.read|parking\.(has|read|page|heads))/;

describe.each([
  {
    worker: 'a drain',
    scenario: storyOf('a parked user, whose messages are drained several at a time'),
    isCounted: (by: string) => by.startsWith('lake-drain'),
    redrives: 1,
    calls: 15,
  },
  {
    worker: 'a batch of the queue',
    scenario: storyOf('a backlog in a queue, whose messages are worked on several at a time'),
    isCounted: (by: string) => /^lake\b(?!-)/.test(by),
    redrives: 0,
    calls: 15,
  },
])('one death, or one AWS fault, at any call of $worker', ({ scenario, isCounted, redrives, calls }) => {
  it('without one, all is delivered once, and some of it several messages at a time', async () => {
    const { violation, totals } = await tell(scenario);
    expect(violation).toBeUndefined();
    expect(totals).toMatchObject({ redrives, duplicates: 0, flips: 0 });
    expect(totals.faults['several messages as one']).toBeGreaterThan(0);
  });

  // An event that is lost or overtakes another is a violation, and so is one that is delivered again without all that came after it.
  it.each(FATES)(
    '%s: nothing is lost, nothing overtakes, and what is repeated is repeated to its end',
    async (fate) => {
      const { points, violations } = await crashPoints(scenario, {
        fates: [fate],
        // Before a read or after it makes no difference.
        counts: (call, by) => isCounted(by) && !(fate.endsWith('before') && READS.test(call)),
      });
      expect(violations).toEqual([]);
      expect(points).toBeGreaterThan(calls);
    },
  );
});
