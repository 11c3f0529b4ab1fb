/** Checks 10 and 11: what this command does not measure, and what to do in its place. */
import { notChecked } from '../outcome.ts';
import type { Check } from '../world.ts';

export const alarms: Check = {
  number: 10,
  title: "every alarm's metric and dimensions exist",
  run: () =>
    Promise.resolve(
      notChecked(
        'of the alarms only that of the canary is seen to work (check 8); the command reads no metric. test/lib compares those of the template with what the code writes',
      ),
    ),
};

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
