/** How long ago the last drill was. Its alarm is the operator's to make: how often one is due, nobody else knows. */
import type { ControlDeps } from './ports.ts';
import type { Steps } from './steps.ts';

const DAY = 24 * 3_600_000;

/** Nothing before the first drill: an alarm that treats missing data as breaching rings then. */
export const putDrill = async (
  { canary, pipeline, clock, metrics }: ControlDeps,
  steps: Steps,
): Promise<void> => {
  if (canary === undefined) return;
  await steps.try('put the days since the last drill', async () => {
    const { drilledAt } = await canary.store.readSettings();
    if (drilledAt === undefined) return;
    const at = clock();
    const value = Math.max(0, at - drilledAt) / DAY;
    await metrics.put([
      { name: 'DaysSinceDrill', value, dimensions: { Pipeline: pipeline }, at, resolution: 60 },
    ]);
  });
};
