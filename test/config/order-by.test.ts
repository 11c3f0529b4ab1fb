import { expect, test } from '@jest/globals';
import { validateConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const withOrderBy = (orderBy: unknown): unknown => ({
  ...minimal,
  sources: [{ id: 'web', writeKey: 'key', orderBy }],
});

test.each(['anonymousId', 'userId', 'auto'])('orderBy: %s is taken', (orderBy) => {
  expect(validateConfig(withOrderBy(orderBy)).sources).toMatchObject([{ id: 'web', orderBy }]);
});

test.each(['user', 'userid', '', 5, null])(
  'orderBy: %j is a mistake with its path and its fix',
  (orderBy) => {
    expect(mistakes(withOrderBy(orderBy))).toEqual([
      `sluice.config.ts: sources[0].orderBy: ${JSON.stringify(orderBy)} is not an order; use "anonymousId", "userId" or "auto"`,
    ]);
  },
);
