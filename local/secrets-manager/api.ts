/** Secrets Manager's GetSecretValue. */
import { readSecret, secretsFile } from './service.ts';
import { failure, json, readJson, type Answer, type ApiRequest } from '../common/answer.ts';

/** @returns undefined when the request is for something else */
export const answerSecrets = async (request: ApiRequest, dataDir: string): Promise<Answer | undefined> => {
  if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue') return undefined;
  const id = String(readJson(request)['SecretId']);
  const secret = await readSecret(dataDir, id);
  switch (secret.kind) {
    case 'found':
      return json(200, { ARN: id, Name: id, VersionId: '1', SecretString: secret.value });
    case 'absent':
      return failure(
        400,
        'ResourceNotFoundException',
        `there is no secret ${id}; add it to ${secretsFile(dataDir)}`,
      );
    case 'malformed':
      return failure(400, 'InternalServiceError', secret.reason);
  }
};
