/** Where the report is kept, out of git. */
const work = 'node_modules/.cache/stryker';

/** `npm run mutation`: breaks `lambdas/core` in every way that Stryker knows, one at a time; a test must notice each. */
export default {
  mutate: ['lambdas/core/**/*.ts'],
  plugins: ['@stryker-mutator/jest-runner'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--no-warnings'],
  jest: {
    projectType: 'custom',
    configFile: 'test/mutation/jest.config.js',
    // There is one file of tests.
    enableFindRelatedTests: false,
  },
  // A mutant is put to the tests that reach it, and to no others.
  coverageAnalysis: 'perTest',
  // Mutants are not compiled: the tests strip types, and do not check them.
  disableTypeChecks: false,
  concurrency: 2,
  // A mutant that loops counts as noticed, so a machine that is slow for a while must not look like one that loops.
  timeoutMS: 20_000,
  // Jest keeps the modules of past runs in memory.
  maxTestRunnerReuse: 150,
  // Below it the command fails.
  thresholds: { high: 95, low: 90, break: 90 },
  // A copy of what the tests need. Jest finds no tests below `node_modules`, so it is next to that directory.
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  ignorePatterns: [
    '**',
    '!package.json',
    '!jest.config.js',
    '!contract/**',
    '!lambdas/{core,sandbox}/**',
    '!test/**',
    '!tools/driver/dice.ts',
  ],
  reporters: ['clear-text', 'json', 'html', 'progress-append-only'],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `${work}/mutation.json` },
  htmlReporter: { fileName: `${work}/mutation.html` },
  allowConsoleColors: false,
};
