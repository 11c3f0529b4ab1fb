import { availableParallelism } from 'node:os';

/**
 * `npm test`: unit, contract, template and integration tests.
 * TypeScript is stripped by swc and runs as native ESM, as the Lambda bundles do.
 */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // They need a browser, a machine to themselves, a registry, an emulator, or a lot of time, and have scripts of their own:
  // `npm run test:browser`, `npm run test:outages`, `npm run test:package`, `npm run emulate`, `npm run test:actions`.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/browser/',
    '<rootDir>/test/outages/',
    '<rootDir>/test/package/',
    '<rootDir>/test/actions/',
    '<rootDir>/test/emulated/',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  // Most of the time of the long suites is waiting: one more than there are processors keeps these busy.
  maxWorkers: availableParallelism() + 1,
  // Node keeps the modules of the suites that a worker has run. After a hundred and more of them it collects garbage most of the time:
  // suites of a second were seen to take minutes. A worker with so much is replaced.
  workerIdleMemoryLimit: '768MB',
  testSequencer: '<rootDir>/test/sequencer.js',
  globalSetup: '<rootDir>/test/global-setup.ts',
  // A deadline for a hang, not a claim about speed, and longer than those of `until`, which say what they waited for.
  testTimeout: 600_000,
};
