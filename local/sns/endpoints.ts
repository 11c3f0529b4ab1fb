/** Resolves what CloudFormation resolves while it deploys: references to secrets in subscriptions' endpoints. */
import { secretsFile, readSecret } from '../secrets-manager/service.ts';
import { UsageError } from '../common/settings.ts';
import type { SubscriptionSpec } from './template.ts';

/** `{{resolve:secretsmanager:<name>:SecretString:<json key>:<stage>:<version>}}`, of which only the name is used. */
const REFERENCE = /^\{\{resolve:secretsmanager:([^:}]+):SecretString:([^:}]*)[^}]*\}\}$/;

const remedy = (name: string, file: string): string =>
  `It is named in the configuration's alerts (alerts.pagerDuty, alerts.victorOps or alerts.urls). ` +
  `Put the URL of the pager, or of a stand-in, into ${file}: { ${JSON.stringify(name)}: "http://127.0.0.1:9000/pager" }`;

const endpointOf = async (endpoint: string, dataDir: string): Promise<string> => {
  const [, name, jsonKey] = REFERENCE.exec(endpoint) ?? [];
  if (name === undefined) return endpoint;
  if (jsonKey !== undefined && jsonKey !== '') {
    throw new Error(`${endpoint} names a key in a secret, which the local run does not know`);
  }
  const file = secretsFile(dataDir);
  const secret = await readSecret(dataDir, name);
  if (secret.kind === 'malformed') throw new UsageError(secret.reason);
  if (secret.kind === 'absent') throw new UsageError(`there is no secret ${name}. ${remedy(name, file)}`);
  // Here it may be http: a stand-in on this machine has no certificate.
  if (!URL.canParse(secret.value) || !/^https?:$/.test(new URL(secret.value).protocol)) {
    throw new UsageError(`the secret ${name} is not an http(s) URL. ${remedy(name, file)}`);
  }
  return secret.value;
};

/** @throws UsageError that names the secret that is missing, and says how to add it */
export const resolveEndpoints = (
  subscriptions: readonly SubscriptionSpec[],
  dataDir: string,
): Promise<readonly SubscriptionSpec[]> =>
  Promise.all(
    subscriptions.map(async (subscription) => ({
      ...subscription,
      endpoint: await endpointOf(subscription.endpoint, dataDir),
    })),
  );
