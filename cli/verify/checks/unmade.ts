/** Check 11: what this command does not measure, and what to do in its place. */
import { notChecked } from '../outcome.ts';
import type { Check } from '../world.ts';

export const removal: Check = {
  number: 11,
  title: 'a destination is removed and added again',
  run: () =>
    Promise.resolve(
      notChecked(
        'it takes two deployments: docs/operating.md, "Take a destination out of service", has the steps',
      ),
    ),
};
