import { availableParallelism } from 'node:os';

/**
 * `npm test`: unit, contract, template and integration tests.
 * TypeScript is stripped by swc and runs as native ESM, as the Lambda bundles do.
 */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // They need a browser, and have a script of their own: `npm run test:browser`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/browser/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  // Much of a test's time is waiting; Jest's own choice is a single worker on two processors.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  globalSetup: '<rootDir>/test/global-setup.ts',
  // A deadline for a hang, not a claim about speed.
  testTimeout: 60_000,
};
