/** Makes the checks one after another. */
import { UsageError } from '../../local/common/settings.ts';
import { alarms } from './checks/alarms.ts';
import { bootstrap } from './checks/bootstrap.ts';
import { buses } from './checks/buses.ts';
import { concurrency } from './checks/concurrency.ts';
import { logRole } from './checks/log-role.ts';
import { queues } from './checks/queues.ts';
import { removed } from './checks/removed.ts';
import { secrets } from './checks/secrets.ts';
import { subscriptions } from './checks/subscriptions.ts';
import { configuration, drift, stack } from './checks/templates.ts';
import { NotRead, notChecked, type Finding } from './finding.ts';
import type { Check, World } from './world.ts';

/** Of a stack alone, whatever the directory has. */
export const STACK_CHECKS: readonly Check[] = [
  stack,
  bootstrap,
  secrets,
  concurrency,
  logRole,
  subscriptions,
  queues,
  buses,
  removed,
  alarms,
];

export const CHECKS: readonly Check[] = [configuration, ...STACK_CHECKS, drift];

/** Before anything is deployed. */
export const ACCOUNT_CHECKS: readonly Check[] = [
  configuration,
  bootstrap,
  secrets,
  buses,
  concurrency,
  logRole,
];

export interface CheckResult {
  readonly check: string;
  readonly title: string;
  readonly finding: Finding;
}

const findingOf = (check: Check, world: World): Promise<Finding> =>
  check.run(world).catch((error: unknown) => {
    if (error instanceof NotRead) return notChecked(error.message);
    if (error instanceof UsageError) return notChecked('the configuration here does not synthesize');
    throw error;
  });

export const examine = async (
  world: World,
  checks: readonly Check[],
  onResult: (result: CheckResult) => void = () => undefined,
): Promise<readonly CheckResult[]> => {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const result = { check: check.id, title: check.title, finding: await findingOf(check, world) };
    results.push(result);
    onResult(result);
  }
  return results;
};

export const isWrong = (results: readonly CheckResult[]): boolean =>
  results.some(({ finding }) => finding.result === 'wrong');
