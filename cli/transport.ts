/** The two ways to control: through the local run's own endpoint, and through AWS, by the stack's name. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { readRunFile, type RunFile } from '../local/run/run-file.ts';
import { UsageError } from '../local/common/settings.ts';
import { awsFailure, isUnreachable } from './aws-errors.ts';
import type { Invocation, Transport } from './client.ts';
import { CommandFailure, messageOf, nameOf } from './failure.ts';

/** The output of the stack that names control's function. */
export const CONTROL_OUTPUT = 'ControlFunction';

/** Control's function has 30 s; what has not answered by then will not. */
const requestHandler = { connectionTimeout: 5_000, requestTimeout: 45_000, throwOnRequestTimeout: true };

export interface StackOptions {
  readonly stack: string;
  readonly region?: string;
  readonly profile?: string;
}

/** @throws CommandFailure when no local run is up */
export const localTransport = async (dataDir: string): Promise<Transport> => {
  const run = await readRunFile(dataDir).catch((error: unknown) => {
    if (!(error instanceof UsageError)) throw error;
    throw new CommandFailure(`${error.message}, or name a deployed pipeline with --stack`, { cause: error });
  });
  const { apiUrl, accessKeyId, controlFunction } = run as Partial<RunFile>;
  if (apiUrl === undefined || accessKeyId === undefined || controlFunction === undefined) {
    throw new CommandFailure(
      `the local run in ${dataDir} is of an older version; stop it, and start it again`,
    );
  }
  // Explicit, so that nothing of the person's AWS settings leads elsewhere.
  const credentials = { accessKeyId, secretAccessKey: 'local' };
  const invoke = invoker({ region: 'us-east-1', endpoint: apiUrl, credentials }, controlFunction);
  return (payload) =>
    invoke(payload).catch((error: unknown) => {
      throw new CommandFailure(
        isUnreachable(error)
          ? `the local run does not answer at ${apiUrl}; start it with npm start`
          : `the local run failed to invoke control: ${nameOf(error)}: ${messageOf(error)}`,
        { cause: error },
      );
    });
};

/** Credentials and region are found as every AWS tool finds them. */
export const stackTransport = (options: StackOptions): Transport => {
  const { stack, region, profile } = options;
  const config = {
    requestHandler,
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  };
  let found: Promise<string> | undefined;
  return async (payload) => {
    found ??= findControl(new CloudFormationClient(config), stack);
    const name = await found;
    return invoker(
      config,
      name,
    )(payload).catch((error: unknown) => {
      throw awsFailure(error, {
        permission: `lambda:InvokeFunction on ${name}`,
        what: "invoking control's function",
      });
    });
  };
};

/** Never asked twice: the function may have done its work although no answer came. */
const invoker = (config: LambdaClientConfig, functionName: string) => {
  const client = new LambdaClient({ ...config, requestHandler, maxAttempts: 1 });
  return async (payload: string): Promise<Invocation> => {
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: payload }),
    );
    const answer = { payload: Payload?.transformToString() ?? '' };
    return FunctionError === undefined ? answer : { ...answer, functionError: FunctionError };
  };
};

const findControl = async (client: CloudFormationClient, stack: string): Promise<string> => {
  const { Stacks = [] } = await client
    .send(new DescribeStacksCommand({ StackName: stack }))
    .catch(async (error: unknown) => {
      if (nameOf(error) === 'ValidationError' && messageOf(error).includes('does not exist')) {
        const region = await client.config.region();
        throw new CommandFailure(
          `there is no stack ${JSON.stringify(stack)} in ${region}; set --stack, --region or --profile to another`,
          { cause: error },
        );
      }
      throw awsFailure(error, {
        permission: `cloudformation:DescribeStacks on the stack ${stack}`,
        what: 'looking up the stack',
      });
    });
  const name = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === CONTROL_OUTPUT)?.OutputValue;
  if (name !== undefined) return name;
  throw new CommandFailure(
    `the stack ${JSON.stringify(stack)} has no output ${CONTROL_OUTPUT}: it is not a stack of Sluice, or of an older version; deploy it again`,
  );
};
