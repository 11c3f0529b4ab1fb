/** What `npx sluice doctor` finds at the stack in the emulator, before and after something of it is broken. */
import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueUrlCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { join } from 'node:path';
import { ROOT } from '../../local/common/settings.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { clientConfig, CONTEXT, ENVIRONMENT, SECRET, STACK } from './deploy.ts';

/** Results, by check. */
export type Findings = Readonly<Record<string, string>>;

export const examine = async (url: string, configPath: string): Promise<Findings> => {
  const context = Object.entries(CONTEXT).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { stdout, stderr } = await runProcess(
    process.execPath,
    [join(ROOT, 'cli', 'sluice.mjs'), 'doctor', '--stack', STACK, ...context, '--json'],
    { cwd: ROOT, env: { ...process.env, ...ENVIRONMENT, AWS_ENDPOINT_URL: url, SLUICE_CONFIG: configPath } },
  );
  if (stdout === '') throw new Error(`npx sluice doctor failed: ${stderr}`);
  const { checks } = JSON.parse(stdout) as {
    checks: readonly { readonly check: string; readonly result: string }[];
  };
  return Object.fromEntries(checks.map(({ check, result }) => [check, result]));
};

/** A queue loses its mode, and a secret is deleted. */
export const damage = async (url: string): Promise<void> => {
  const sqs = new SQSClient(clientConfig(url));
  const { QueueUrl } = await sqs.send(
    new GetQueueUrlCommand({ QueueName: `${CONTEXT.namePrefix}-events.fifo` }),
  );
  await sqs.send(
    new SetQueueAttributesCommand({ QueueUrl, Attributes: { FifoThroughputLimit: 'perQueue' } }),
  );
  await new SecretsManagerClient(clientConfig(url)).send(new DeleteSecretCommand({ SecretId: SECRET }));
};

/** Of what moto can hold. What it leaves out is why the others are not the same. */
export const HEALTHY: Findings = {
  configuration: 'fine',
  stack: 'fine',
  bootstrap: 'fine',
  secrets: 'fine',
  subscriptions: 'fine',
  queues: 'fine',
  buses: 'fine',
};
export const DAMAGED: Findings = { ...HEALTHY, secrets: 'wrong', queues: 'wrong' };

/** @returns what is not as it should be, a line each */
export const differences = (found: Findings, wanted: Findings): readonly string[] =>
  Object.entries(wanted).flatMap(([check, result]) =>
    found[check] === result
      ? []
      : [`doctor: ${check} is ${found[check] ?? 'not there'}, and should be ${result}`],
  );
