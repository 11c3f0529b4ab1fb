/** The two ways to control: through the local run's own endpoint, and through AWS, by the stack's name. */
import { CloudFormationClient, type Output } from '@aws-sdk/client-cloudformation';
import type { Permission } from '../contract/permissions.ts';
import { readRunFile, type RunFile } from '../local/run/run-file.ts';
import { UsageError } from '../local/common/settings.ts';
import { awsFailure, isUnreachable } from './aws-errors.ts';
import type { Transport } from './client.ts';
import { controlFunction, InvocationFailure } from './control-function.ts';
import { configOf, describeStack } from './describe-stack.ts';
import { CommandFailure, messageOf, nameOf } from './failure.ts';

/** The output of the stack that names control's function. */
export const CONTROL_OUTPUT = 'ControlFunction';
/** ... and the one that has the URL for SDKs. */
const URL_OUTPUT = 'DataPlaneUrl';

export interface StackOptions {
  readonly stack: string;
  /** The construct's id, where the stack has several pipelines. */
  readonly pipeline?: string;
  readonly region?: string;
  readonly profile?: string;
}

/** @throws CommandFailure when no local run is up */
export const localTransport = async (found: string | Promise<string>): Promise<Transport> => {
  const orElse = (error: unknown): never => {
    if (!(error instanceof UsageError)) throw error;
    throw new CommandFailure(`${error.message}, or name a deployed pipeline with --stack`, { cause: error });
  };
  const dataDir = await Promise.resolve(found).catch(orElse);
  const run = await readRunFile(dataDir).catch(orElse);
  const { apiUrl, accessKeyId, controlFunction: name } = run as Partial<RunFile>;
  if (apiUrl === undefined || accessKeyId === undefined || name === undefined) {
    throw new CommandFailure(
      `the local run in ${dataDir} is of an older version; stop it, and start it again`,
    );
  }
  // Explicit, so that nothing of the person's AWS settings leads elsewhere.
  const credentials = { accessKeyId, secretAccessKey: 'local' };
  const invoke = controlFunction({ region: 'us-east-1', endpoint: apiUrl, credentials }, name);
  return (payload, permission) =>
    invoke(payload, permission).catch((error: unknown) => {
      const { reason } = reasonOf(error);
      throw new CommandFailure(
        isUnreachable(reason)
          ? `the local run does not answer at ${apiUrl}; start it with npm start`
          : `the local run failed to invoke control: ${nameOf(reason)}: ${messageOf(reason)}`,
        { cause: reason },
      );
    });
};

/** @throws CommandFailure when the stack does not say it */
export const stackDataPlane = async ({ stack, pipeline, region, profile }: StackOptions): Promise<string> => {
  const outputs = await readOutputs(new CloudFormationClient(configOf({ region, profile })), stack);
  const { key } = chooseOutput(outputs, stack, pipeline);
  const name = `${key.slice(0, -CONTROL_OUTPUT.length)}${URL_OUTPUT}`;
  const url = outputs.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  if (url !== undefined) return url;
  throw new CommandFailure(
    `the stack ${JSON.stringify(stack)} has no output ${name}: it is of an older version; deploy it again`,
  );
};

/** Credentials and region are found as every AWS tool finds them. */
export const stackTransport = (options: StackOptions): Transport => {
  const { stack, pipeline, region, profile } = options;
  const config = configOf({ region, profile });
  let found: Promise<readonly [name: string, invoke: Transport]> | undefined;
  const find = async (): Promise<readonly [name: string, invoke: Transport]> => {
    const { name } = chooseOutput(
      await readOutputs(new CloudFormationClient(config), stack),
      stack,
      pipeline,
    );
    return [name, controlFunction(config, name)];
  };
  return async (payload, permission) => {
    found ??= find();
    const [name, invoke] = await found;
    return invoke(payload, permission).catch((error: unknown) => {
      const { reason, alias } = reasonOf(error);
      throw awsFailure(reason, {
        permission: `lambda:InvokeFunction on ${name}${alias === undefined ? '' : `:${alias}`}`,
        ...(alias === undefined ? {} : { grant: GRANTS[alias] }),
        what: "invoking control's function",
      });
    });
  };
};

/** What gives a permission, in the construct. */
const GRANTS: Readonly<Record<Permission, string>> = {
  read: 'control.grantRead',
  content: 'control.grantContent',
  operate: 'control.grantOperate',
};

const reasonOf = (error: unknown): Pick<InvocationFailure, 'reason' | 'alias'> =>
  error instanceof InvocationFailure ? error : { reason: error, alias: undefined };

/**
 * Of `SluiceStack` the output has this name alone; an app's own has the construct's before it.
 * @throws CommandFailure when it is not clear which one is meant
 */
const chooseOutput = (
  outputs: readonly Output[],
  stack: string,
  pipeline: string | undefined,
): { readonly key: string; readonly name: string } => {
  const all = outputs.filter(({ OutputKey = '' }) => OutputKey.endsWith(CONTROL_OUTPUT));
  const wanted = pipeline?.replaceAll(/[^A-Za-z0-9]/g, '');
  const found =
    wanted === undefined
      ? all.length === 1
        ? all
        : all.filter(({ OutputKey }) => OutputKey === CONTROL_OUTPUT)
      : all.filter(({ OutputKey }) => OutputKey === `${wanted}${CONTROL_OUTPUT}`);
  const { OutputKey: key, OutputValue: name } = found[0] ?? {};
  if (key !== undefined && name !== undefined) return { key, name };
  const names = all.map(({ OutputKey = '' }) => OutputKey.slice(0, -CONTROL_OUTPUT.length)).join(', ');
  if (all.length > 0)
    throw new CommandFailure(
      wanted === undefined
        ? `the stack ${JSON.stringify(stack)} has several pipelines: name one of ${names} with --pipeline`
        : `the stack ${JSON.stringify(stack)} has no pipeline ${JSON.stringify(pipeline)}; it has ${names}`,
    );
  throw new CommandFailure(
    `the stack ${JSON.stringify(stack)} has no output ${CONTROL_OUTPUT}: it is not a stack of Sluice, or of an older version; deploy it again`,
  );
};

const readOutputs = async (client: CloudFormationClient, stack: string): Promise<readonly Output[]> =>
  (await describeStack(client, stack)).Outputs ?? [];
