/** The local run, for programs that start it themselves: tests above all. */
export { startLocalRun, type LocalRun } from './run/run.ts';
export type { DeployOptions } from './run/deployments.ts';
export { readSettings, UsageError, type Settings } from './common/settings.ts';
