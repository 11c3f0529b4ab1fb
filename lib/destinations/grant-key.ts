import { Stack } from 'aws-cdk-lib';
import type { SluiceFunction } from '../function.ts';

/**
 * Lets the function use the key of what it sends to, through that service alone.
 * @param key its ARN; it is in the region of what it encrypts
 * @param actions those that the service takes of a sender
 */
export const grantKey = (
  grantee: SluiceFunction,
  key: string | undefined,
  service: 'sqs' | 'sns' | 'kinesis' | 's3',
  actions: readonly string[],
): void => {
  if (key === undefined) return;
  const region = key.startsWith('arn:') ? key.split(':')[3] : Stack.of(grantee).region;
  grantee.allow(actions, [key], {
    StringEquals: { 'kms:ViaService': `${service}.${region ?? ''}.amazonaws.com` },
  });
};
