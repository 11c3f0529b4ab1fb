import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AccessFault } from '../core/base/faults.ts';
import { orFault } from './errors.ts';
import type { GetSecret } from './secrets.ts';

export const secretReader =
  (client: SecretsManagerClient): GetSecret =>
  async (name) => {
    const command = new GetSecretValueCommand({ SecretId: name });
    const { SecretString } = await orFault(`GetSecretValue of "${name}"`, client.send(command));
    if (SecretString !== undefined) return SecretString;
    throw new AccessFault(`the secret "${name}" holds no text; store it as SecretString`);
  };
