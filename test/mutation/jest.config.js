import { fileURLToPath } from 'node:url';
import common from '../../jest.config.js';

/** What each mutant of `lambdas/core` is put to. */
const config = {
  ...common,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  roots: ['<rootDir>/test/mutation'],
  testMatch: ['**/all.mutation.ts'],
  moduleNameMapper: { '^fast-check$': '<rootDir>/test/mutation/fast-check.js' },
  // They take milliseconds: one that takes so long hangs.
  testTimeout: 10_000,
};
// It synthesizes the template, which these tests do not read.
delete config.globalSetup;

export default config;
