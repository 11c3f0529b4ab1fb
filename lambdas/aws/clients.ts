/**
 * AWS SDK clients with limits that fit a function's few seconds: two attempts of 1 s to connect and 2 s to answer, and
 * the pause between them. `CALL_MARGIN` in `core/base/limits.ts` counts on it.
 */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { AccessFault, InfraFault, MessageRefused } from '../core/base/faults.ts';
import { noteResource, resourceOf } from './resources.ts';

const limits = {
  maxAttempts: 2,
  // Without `throwOnRequestTimeout` the SDK only warns when a request takes too long, and waits on.
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
};

export const sqsClient = (): SQSClient => noteResource(new SQSClient(limits));
export const dynamoClient = (): DynamoDBClient => noteResource(new DynamoDBClient(limits));
export const secretsClient = (): SecretsManagerClient => noteResource(new SecretsManagerClient(limits));
export const snsClient = (): SNSClient => noteResource(new SNSClient(limits));
export const cloudWatchClient = (): CloudWatchClient => noteResource(new CloudWatchClient(limits));
/** For what concerns event source mappings. */
export const lambdaClient = (): LambdaClient => noteResource(new LambdaClient(limits));
/**
 * For invocations: an answer may take longer than a cold start, and no invocation is repeated, since the function may have
 * done its work although no answer came.
 */
export const invokeClient = (): LambdaClient =>
  noteResource(
    new LambdaClient({
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 1_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
    }),
  );

/**
 * Names of errors that no retry helps against until an operator changes something, as the services' models and their query protocols have
 * them: a permission, a resource or a key is missing. `InvalidRequestException` is Secrets Manager's for a secret that is about to
 * be deleted.
 */
const NO_ACCESS = new RegExp(
  `^(?:${[
    'AccessDenied|AuthorizationError|NotAuthorized|UnauthorizedOperation|OptInRequired',
    'InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClient|MissingAuthenticationToken',
    'NotFound|ResourceNotFound|TableNotFound|QueueDoesNotExist|AWS\\.SimpleQueueService\\.NonExistentQueue',
    'DecryptionFailure|InvalidRequest|InaccessibleEncryptionCredentials',
    'KMS\\.?(?:AccessDenied|(?:Key)?(?:Disabled|NotFound)|InvalidState|InvalidKeyUsage|OptInRequired)',
  ].join('|')})(?:Exception)?$`,
  'i',
);

/** Its name first, by which `notDone` recognizes it. */
const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** AWS's messages name the resource only in part. */
const named = (what: string, error: unknown): string => {
  const resource = resourceOf(error);
  return resource === undefined || what.includes(resource) ? what : `${what} of "${resource}"`;
};

/**
 * What AWS did not do, in its own words.
 * @param what the operation
 * @param words the error's name, a colon, and its message
 * @param refused it is due to the message itself; AWS blames the sender for a missing permission too
 */
export const notDone = (
  what: string,
  words: string,
  refused: boolean,
  options?: ErrorOptions,
): InfraFault | MessageRefused => {
  const [name = ''] = words.split(':', 1);
  if (NO_ACCESS.test(name)) return new AccessFault(`${what} failed: ${words}`, options);
  return refused
    ? new MessageRefused(`${what} refused the message: ${words}`, options)
    : new InfraFault(`${what} failed: ${words}`, options);
};

/**
 * What AWS fails to do is an `InfraFault`, whatever the reason: it must never look like a crash of the code. One that no retry
 * helps against is an `AccessFault`.
 */
export const orFault = async <T>(what: string, call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    throw notDone(named(what, error), describe(error), false, { cause: error });
  }
};

/**
 * As `orFault`, for a write that stores a message's content. Table and request are Sluice's own and fit each other, so if DynamoDB
 * finds an item invalid, its content is the reason: the item is too large, for example.
 * @throws MessageRefused, InfraFault
 */
export const orRefused = async <T>(what: string, write: Promise<T>): Promise<T> => {
  try {
    return await write;
  } catch (error) {
    const isInvalid = error instanceof Error && error.name === 'ValidationException';
    throw notDone(named(what, error), describe(error), isInvalid, { cause: error });
  }
};
