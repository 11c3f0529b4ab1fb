/** How the checks deploy: by the command that deploys the stack, or by the local run. */
import { CANARY_CONTEXT, type CanaryVariant } from '../../contract/canary.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { CommandFailure } from '../failure.ts';
import { redeployLocal } from '../redeploy.ts';
import type { World } from './world.ts';

/** What is appended to the command, for the CDK. */
export const deployCommand = (command: string, variant: CanaryVariant | undefined): string =>
  variant === undefined ? command : `${command} -c ${CANARY_CONTEXT}=${variant}`;

const STDERR = 2;

/**
 * @param wanted the option `--deploy`: a command, or `true` without one
 * @param isAws a stack is verified, and not the local run
 * @throws CommandFailure when the one does not fit the other
 */
export const deployer = (wanted: string | boolean | undefined, isAws: boolean): World['deploy'] => {
  if (wanted === undefined || wanted === false) return undefined;
  if (typeof wanted !== 'string') {
    if (isAws)
      throw new CommandFailure(
        "--deploy: a stack needs the command that deploys it, as --deploy 'npx cdk deploy Sluice --require-approval never'",
      );
    return async (canary) => {
      await redeployLocal(canary === undefined ? {} : { canary });
    };
  }
  if (!isAws)
    throw new CommandFailure('--deploy: the local run deploys without a command; write --deploy alone');
  return async (variant) => {
    const command = deployCommand(wanted, variant);
    // What it says is for the person; the receipt alone is printed.
    const { code } = await runProcess('/bin/sh', ['-c', command], { output: STDERR });
    if (code !== 0) throw new CommandFailure(`${command} ended with code ${String(code)}`);
  };
};
