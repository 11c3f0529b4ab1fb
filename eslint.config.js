import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { zones } from './eslint.rooms.js';

/** Ways to wait for several calls after which some of them are still under way. */
const leavesCalls = (property, otherwise) => ({
  object: 'Promise',
  property,
  message: `Lambda freezes a function once it has answered, with the calls that are under way: ${otherwise}.`,
});
const noAll = leavesCalls('all', 'wait for all of them with allDone (lambdas/core/base/all-done.ts)');
const noRace = leavesCalls(
  'race',
  'abort the others and wait for them with allDone (lambdas/core/base/all-done.ts), or use ended (lambdas/ingest/deadline.ts)',
);

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      'cdk.out',
      'dist',
      'api-reference',
      '.sluice',
      'coverage',
      '.stryker-tmp',
      'tools/bench/results',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['lambdas/**'],
    rules: { 'no-restricted-properties': ['error', noAll, noRace] },
  },
  {
    // It waits for a call that was aborted, but not forever: the client needs its answer.
    files: ['lambdas/ingest/deadline.ts'],
    rules: { 'no-restricted-properties': ['error', noAll] },
  },
  {
    // In core, time and chance are parameters: a test or a simulation must be able to replay every decision.
    files: ['lambdas/core/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        noAll,
        noRace,
        { object: 'Date', property: 'now', message: 'Take a Clock.' },
        { object: 'Math', property: 'random', message: 'Take a Random.' },
      ],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch'],
    },
  },
  { files: ['**/*.js', '**/*.cjs', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
