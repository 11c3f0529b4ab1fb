/** The configuration in this directory, the stack as CloudFormation has it, and whether one is the other. */
import { UsageError } from '../../../local/common/settings.ts';
import { resourcesOf } from '../../../local/template/tree.ts';
import { plural } from '../../format.ts';
import { compareTrees, type Difference } from '../compare.ts';
import { fine, notChecked, wrong, type Finding } from '../finding.ts';
import type { Check, DeployedStack, Place } from '../world.ts';

export const configuration: Check = {
  id: 'configuration',
  title: 'the configuration here synthesizes',
  run: async (world) => {
    try {
      return fine(plural(resourcesOf(await world.wanted()).length, 'resource'));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return wrong({ what: error.message, fix: 'change what it says; npx cdk synth shows the same' });
    }
  },
};

/** Pure. */
export const judgeStatus = (
  { name, status }: Pick<DeployedStack, 'name' | 'status'>,
  options: string,
): Finding => {
  if (status.endsWith('_IN_PROGRESS'))
    return notChecked(`a deployment is under way (${status}): look again after it`);
  if (/^ROLLBACK_|^CREATE_FAILED/.test(status))
    return wrong({
      what: `the first deployment failed (${status}): CloudFormation can only delete such a stack`,
      fix: `docs/operating.md, "A first deployment that fails": unprotect the tables that are left, aws cloudformation delete-stack --stack-name ${name}${options}, then deploy again`,
    });
  if (status.endsWith('_FAILED'))
    return wrong({
      what: `the last deployment did not end well (${status})`,
      fix:
        status === 'UPDATE_ROLLBACK_FAILED'
          ? `aws cloudformation continue-update-rollback --stack-name ${name}${options}`
          : `aws cloudformation describe-stack-events --stack-name ${name}${options} says why`,
    });
  return fine(
    status === 'UPDATE_ROLLBACK_COMPLETE'
      ? `${status}: the last deployment failed, and what ran before runs`
      : status,
  );
};

export const stack: Check = {
  id: 'stack',
  title: 'the stack is complete',
  run: async (world) => judgeStatus(await world.deployed(), world.options),
};

export const lineOf = ({ kind, type, id, paths }: Difference): string =>
  `${type} ${id}: ${kind === 'different' ? `differs in ${paths.join(', ')}` : kind}`;

/** Pure. */
export const judgeDrift = (differences: readonly Difference[], place: Place): Finding => {
  if (differences.length === 0) return fine('the same template');
  return wrong({
    what: `${plural(differences.length, 'difference')} between the configuration here and what is deployed`,
    fix:
      place === 'local run'
        ? 'npx sluice redeploy'
        : 'npx cdk diff shows each, npx cdk deploy deploys; or look from the directory, with the context (-c), that was deployed',
    details: differences.map(lineOf),
  });
};

export const drift: Check = {
  id: 'drift',
  title: 'what is deployed is the configuration here',
  run: async (world) => {
    const wanted = await world.wanted();
    return judgeDrift(compareTrees(wanted, (await world.deployed()).tree), world.place);
  },
};
