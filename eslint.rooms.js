/**
 * The rooms, and what each may import: arrows run downwards only, so that a path says what runs where and what it may touch.
 * `lib` names a handler's entry file by its path and imports none of its code.
 */
const CORE = 'lambdas/core';
/** A service of the local cloud. */
const AWS_SERVICE = ['local/template', 'local/common', 'contract'];
/** A program that drives the local run. */
const DRIVEN = ['tools/driver', 'local', 'config', 'contract'];
export const rooms = {
  contract: [],
  config: ['contract'],
  lib: ['config', 'contract'],
  bin: ['lib', 'config'],
  [`${CORE}/base`]: ['contract'],
  [`${CORE}/event`]: [`${CORE}/base`, 'contract'],
  [`${CORE}/ingest`]: [`${CORE}/event`, `${CORE}/base`, 'contract'],
  [`${CORE}/mode`]: [`${CORE}/base`, 'contract'],
  [`${CORE}/stage`]: [`${CORE}/mode`, `${CORE}/event`, `${CORE}/base`, 'contract'],
  'lambdas/aws': [CORE, 'contract'],
  'lambdas/sandbox': [`${CORE}/event`, `${CORE}/base`, 'contract'],
  'lambdas/stage': ['lambdas/aws', 'lambdas/sandbox', CORE, 'contract'],
  'lambdas/ingest': ['lambdas/aws', CORE, 'contract'],
  'lambdas/router': ['lambdas/stage', 'lambdas/aws', CORE, 'contract'],
  'lambdas/deliver': ['lambdas/stage', 'lambdas/aws', CORE, 'contract'],
  'lambdas/control': ['lambdas/aws', CORE, 'contract'],
  // It builds the code of a function whose transform has changed, as `lib` does.
  local: ['lib', 'config', 'contract'],
  'local/common': ['contract'],
  'local/template': ['local/common', 'config'],
  'local/api-gateway': AWS_SERVICE,
  'local/dynamodb': AWS_SERVICE,
  'local/events': AWS_SERVICE,
  'local/secrets-manager': AWS_SERVICE,
  'local/sqs': AWS_SERVICE,
  'local/kinesis': AWS_SERVICE,
  'local/firehose': AWS_SERVICE,
  'local/s3': AWS_SERVICE,
  'local/lambda': ['local/sqs', ...AWS_SERVICE],
  'local/sns': ['local/secrets-manager', 'local/sqs', ...AWS_SERVICE],
  'local/cloudwatch': ['local/lambda', ...AWS_SERVICE],
  'local/console': ['local/common', 'contract'],
  // `explain` asks the router's own rules.
  cli: [
    'local',
    `${CORE}/event`,
    'lambdas/router/planned.ts',
    'lambdas/router/recipients.ts',
    'lambdas/router/tracking-plan.ts',
    'config',
    'contract',
  ],
  'tools/driver': ['local', 'config', 'contract'],
  // It measures the handlers' own work, one piece at a time, and their code as `lib` makes it.
  'tools/bench': ['tools/driver', 'local', 'lib', 'lambdas', 'config', 'contract'],
  'tools/chaos': DRIVEN,
  'tools/sbom': [],
  'tools/package': ['lib', 'local', 'contract'],
  'tools/demo': DRIVEN,
  'tools/emulate': DRIVEN,
  'tools/templates': ['local', 'config'],
  // The mutation tests run it beside a copy of these alone.
  'test/core': ['test/support', CORE, 'lambdas/sandbox', 'tools/driver', 'contract'],
};
/** As `import-x/no-restricted-paths` takes them. */
export const zones = Object.entries(rooms).map(([room, below]) => ({
  target: `./${room}`,
  from: './',
  except: [room, ...below, 'node_modules'].map((dir) => `./${dir}`),
  message: `${room} may import ${below.length === 0 ? 'nothing of the project' : below.join(', ')} and itself alone.`,
}));
