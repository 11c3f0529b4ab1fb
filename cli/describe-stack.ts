/** A stack as CloudFormation has it, and how every client of AWS is made. */
import { DescribeStacksCommand, type CloudFormationClient, type Stack } from '@aws-sdk/client-cloudformation';
import { awsFailure } from './aws-errors.ts';
import { requestHandler } from './control-function.ts';
import { CommandFailure, messageOf, nameOf } from './failure.ts';

/** Credentials and region are found as every AWS tool finds them. */
export const configOf = ({
  region,
  profile,
}: {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}) => ({
  requestHandler,
  ...(region === undefined ? {} : { region }),
  ...(profile === undefined ? {} : { profile }),
});

/** @throws CommandFailure */
export const describeStack = async (client: CloudFormationClient, stack: string): Promise<Stack> => {
  const nowhere = async (cause?: unknown): Promise<CommandFailure> =>
    new CommandFailure(
      `there is no stack ${JSON.stringify(stack)} in ${await client.config.region()}; set --stack, --region or --profile to another`,
      { cause },
    );
  const { Stacks = [] } = await client
    .send(new DescribeStacksCommand({ StackName: stack }))
    .catch(async (error: unknown) => {
      if (nameOf(error) === 'ValidationError' && messageOf(error).includes('does not exist'))
        throw await nowhere(error);
      throw awsFailure(error, {
        permission: `cloudformation:DescribeStacks on the stack ${stack}`,
        what: 'looking up the stack',
      });
    });
  const [found] = Stacks;
  if (found === undefined) throw await nowhere();
  return found;
};
