import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { noteResource } from '../resources.ts';
import { limits } from './limits.ts';

export const secretsClient = (): SecretsManagerClient => noteResource(new SecretsManagerClient(limits));
