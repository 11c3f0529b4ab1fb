/** Secrets Manager on one machine: `secrets.json` in the data directory, an object of names and values. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SecretAnswer {
  readonly status: 200 | 400;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The file is read at each call, so that a changed secret is seen as soon as AWS would show it. */
export const getSecretValue = async (dataDir: string, secretId: string): Promise<SecretAnswer> => {
  const file = join(dataDir, 'secrets.json');
  const text = await readFile(file, 'utf8').catch(() => '{}');
  let secrets: unknown;
  try {
    secrets = JSON.parse(text);
  } catch (error) {
    return failure('InternalServiceError', `${file} is not JSON: ${String(error)}`);
  }
  const value = (secrets as Readonly<Record<string, unknown>> | null)?.[secretId];
  if (typeof value !== 'string') {
    return failure('ResourceNotFoundException', `there is no secret ${secretId}; add it to ${file}`);
  }
  return { status: 200, body: { ARN: secretId, Name: secretId, VersionId: '1', SecretString: value } };
};

const failure = (type: string, message: string): SecretAnswer => ({
  status: 400,
  body: { __type: type, message },
});
