/**
 * AWS SDK clients. Those that a stage needs without the others are in files of their own, in `clients/`: it loads them when it needs them,
 * and what is in one file with them besides.
 */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { limits } from './clients/limits.ts';
import { noteResource } from './resources.ts';

export const sqsClient = (): SQSClient => noteResource(new SQSClient(limits));
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

export { dynamoClient } from './clients/dynamodb.ts';
export { secretsClient } from './clients/secrets-manager.ts';
