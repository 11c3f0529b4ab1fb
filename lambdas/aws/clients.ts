/**
 * AWS SDK clients with limits that fit a function's few seconds: two attempts of 1 s to connect and 2 s to answer, and
 * the pause between them. `CALL_MARGIN` in `core/limits.ts` counts on it.
 */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { InfraFault, MessageRefused } from '../core/ports.ts';

const limits = {
  maxAttempts: 2,
  // Without `throwOnRequestTimeout` the SDK only warns when a request takes too long, and waits on.
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
};

export const sqsClient = (): SQSClient => new SQSClient(limits);
export const dynamoClient = (): DynamoDBClient => new DynamoDBClient(limits);
export const secretsClient = (): SecretsManagerClient => new SecretsManagerClient(limits);
export const snsClient = (): SNSClient => new SNSClient(limits);
export const cloudWatchClient = (): CloudWatchClient => new CloudWatchClient(limits);
/** For what concerns event source mappings. */
export const lambdaClient = (): LambdaClient => new LambdaClient(limits);
/**
 * For invocations: an answer may take longer than a cold start, and none is asked for twice, since the function may have
 * done its work although no answer came.
 */
export const invokeClient = (): LambdaClient =>
  new LambdaClient({
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
  });

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/**
 * What AWS did not do, in its own words.
 * @param what the operation
 * @param refused it is due to the message itself
 */
export const notDone = (
  what: string,
  words: string,
  refused: boolean,
  options?: ErrorOptions,
): InfraFault | MessageRefused =>
  refused
    ? new MessageRefused(`${what} refused the message: ${words}`, options)
    : new InfraFault(`${what} failed: ${words}`, options);

/** What AWS fails to do is an `InfraFault`, whatever the reason: it must never look like a crash of the code. */
export const orFault = async <T>(what: string, call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    throw notDone(what, describe(error), false, { cause: error });
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
    throw notDone(what, describe(error), isInvalid, { cause: error });
  }
};
