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
import { noteResource } from './resources.ts';

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

export { notDone, orFault, orRefused } from './errors.ts';
