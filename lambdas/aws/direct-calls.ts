/** The calls without the SDK that a stage's function makes with each batch. */
import { setTimeout } from 'node:timers/promises';
import type { Clock, Random } from '../core/base/clock.ts';
import { directCall, DYNAMODB, SQS, type Call, type Service } from './direct-call.ts';
import { retrying } from './retrying.ts';

export interface DirectCalls {
  readonly sqs: Call;
  readonly dynamo: Call;
}

/**
 * Where the SDK would look for it, configuration files left out. SQS's host has the region and the partition's domain.
 * @param queueUrl of any queue of the same account and region
 */
export const dynamoUrl = (queueUrl: string, env: NodeJS.ProcessEnv): string => {
  const configured = env['AWS_ENDPOINT_URL_DYNAMODB'] ?? env['AWS_ENDPOINT_URL'];
  if (configured !== undefined) return configured;
  const [, domain] = /^sqs\.(.+)$/.exec(new URL(queueUrl).hostname) ?? [];
  return `https://dynamodb.${domain ?? `${env['AWS_REGION'] ?? ''}.amazonaws.com`}`;
};

export const directCalls = (queueUrl: string, clock: Clock, random: Random): DirectCalls => {
  const call = (service: Service, url: string): Call =>
    retrying(directCall(service, url, clock), { random, sleep: (milliseconds) => setTimeout(milliseconds) });
  return { sqs: call(SQS, queueUrl), dynamo: call(DYNAMODB, dynamoUrl(queueUrl, process.env)) };
};
