import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/**
 * The layers. Imports run downwards only, so that a path tells what runs where and what it may touch:
 * `bin -> lib -> config`, `lambdas/<handler> -> lambdas/stage -> lambdas/{aws,sandbox} -> lambdas/core`, `local -> config`,
 * `cli -> local, config`.
 * `lib` names a handler's entry file by its path and imports none of its code.
 */
const zone = (target, allowed, message) => ({
  target: `./${target}`,
  from: './',
  except: allowed.map((dir) => `./${dir}`).concat('./node_modules'),
  message,
});
const handlers = ['ingest', 'router', 'deliver', 'control'];
const layers = [
  zone('config', ['config'], 'config is what every side agrees on: it imports nothing of the project.'),
  zone('lib', ['lib', 'config'], 'lib runs at synth time: it imports only config.'),
  zone('bin', ['bin', 'lib', 'config'], 'bin wires config to lib.'),
  zone('lambdas/core', ['lambdas/core'], 'core is pure policy: it imports nothing outside itself.'),
  zone('lambdas/aws', ['lambdas/aws', 'lambdas/core', 'config'], 'aws adapters know core and config only.'),
  zone(
    'lambdas/sandbox',
    ['lambdas/sandbox', 'lambdas/core', 'config'],
    'The sandbox knows core and config only.',
  ),
  zone(
    'lambdas/stage',
    ['lambdas/stage', 'lambdas/aws', 'lambdas/sandbox', 'lambdas/core', 'config'],
    'The shell of the stages knows aws, sandbox, core and config, and no handler.',
  ),
  ...handlers.map((name) =>
    zone(
      `lambdas/${name}`,
      [`lambdas/${name}`, 'lambdas/stage', 'lambdas/aws', 'lambdas/core', 'config'],
      'A handler knows stage, aws, core and config, and no other handler.',
    ),
  ),
  zone('local', ['local', 'config'], 'The local run knows the template and config, never the code it runs.'),
  zone('cli', ['cli', 'local', 'config'], 'The CLI talks to what runs; it imports none of its code.'),
];

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
  { ignores: ['node_modules', 'cdk.out', '.sluice', 'coverage', '.stryker-tmp', 'bench/results'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: layers }],
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
    // It waits for a call that was told to end, but not forever: the client needs its answer.
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
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
);
