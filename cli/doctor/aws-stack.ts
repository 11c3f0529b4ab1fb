/** A stack as CloudFormation has it: the template that was deployed, with those of nested stacks, and what each resource is. */
import {
  CloudFormationClient,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import type { RawTemplate } from '../../local/template/nested.ts';
import { growTree, type TemplateTree } from '../../local/template/tree.ts';
import { describeStack } from '../describe-stack.ts';
import { all, read } from './aws-read.ts';
import { NotRead } from './finding.ts';
import type { DeployedStack } from './world.ts';

const readTemplate = async (client: CloudFormationClient, StackName: string): Promise<RawTemplate> => {
  const { TemplateBody = '{}' } = await read(`cloudformation:GetTemplate on the stack ${StackName}`, () =>
    client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' })),
  );
  try {
    return JSON.parse(TemplateBody) as RawTemplate;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new NotRead(`the template of ${StackName} is not JSON: the CDK has not deployed it`);
  }
};

const readResources = (client: CloudFormationClient, StackName: string) =>
  read(`cloudformation:ListStackResources on the stack ${StackName}`, () =>
    all(paginateListStackResources({ client }, { StackName }), (page) => page.StackResourceSummaries),
  );

/** @throws CommandFailure when there is no such stack; NotRead */
export const readStack = async (client: CloudFormationClient, name: string): Promise<DeployedStack> => {
  const { StackStatus: status = 'unknown' } = await describeStack(client, name);
  const physical = new Map<string, string>();
  const grow = async (stack: string, where: string): Promise<TemplateTree> => {
    for (const { LogicalResourceId: id = '', PhysicalResourceId } of await readResources(client, stack))
      if (PhysicalResourceId !== undefined) physical.set(`${where}${id}`, PhysicalResourceId);
    return growTree(await readTemplate(client, stack), async (id) => {
      const nested = physical.get(`${where}${id}`);
      // It was not created.
      return nested === undefined ? { template: {}, nested: new Map() } : grow(nested, `${where}${id}/`);
    });
  };
  return { name, status, tree: await grow(name, ''), physical: () => physical };
};
