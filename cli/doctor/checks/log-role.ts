/** The role with which API Gateway writes the access logs: one for an account and region, whichever stack sets it. */
import { resourcesOf, type TemplateTree } from '../../../local/template/tree.ts';
import { fine, wrong, type Finding } from '../finding.ts';
import { treeOf, type Check, type Place } from '../world.ts';

/** Whether the template sets the role. */
export const setsRole = (tree: TemplateTree): boolean =>
  resourcesOf(tree).some(({ type }) => type === 'AWS::ApiGateway::Account');

/** Pure. @param role the account's */
export const judgeLogRole = (
  role: string | undefined,
  sets: boolean,
  { place, options }: { readonly place: Place; readonly options: string },
): Finding => {
  if (place === 'account' && sets)
    return fine(
      role === undefined
        ? 'the account has none; the deployment sets it'
        : `the deployment replaces ${role}, for every REST API of the region; accountLogRole: false of the construct leaves it`,
    );
  if (role !== undefined) return fine(role);
  const set = `aws apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value=ROLE_ARN${options}`;
  return place === 'account'
    ? wrong({
        what: 'API Gateway has no role for logs in this account, and the template sets none (accountLogRole: false): the deployment would fail',
        fix: `leave accountLogRole out, or: ${set}`,
      })
    : wrong({
        what: 'API Gateway has no role for logs in this account any more: another stack that set it may have been deleted. Requests are not logged',
        fix: `${set}, with a role that has the policy AmazonAPIGatewayPushToCloudWatchLogs`,
      });
};

export const logRole: Check = {
  id: 'log-role',
  title: "API Gateway's role for logs",
  run: async (world) => {
    const role = await world.logRole();
    return judgeLogRole(role, setsRole(await treeOf(world)), world);
  },
};
