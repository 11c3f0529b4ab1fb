/** Check 7: what a deployment does to a stage that is degraded. */
import { notChecked } from '../outcome.ts';
import type { Check } from '../world.ts';

export const concurrency: Check = {
  number: 7,
  title: 'a changed concurrency while degraded',
  run: () =>
    Promise.resolve(
      notChecked(
        'it takes a deployment: hold the canary (npx sluice hold canary), deploy with another router.maxConcurrency, and see that status still ' +
          'shows it held, and its mapping Disabled within a minute',
      ),
    ),
};
