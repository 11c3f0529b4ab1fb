import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../../contract/environment.ts';
import type { ResolvedDestination } from '../../config/index.ts';
import { grantKey } from './grant-key.ts';
import type { KindParts } from './kind-parts.ts';
import { resourceArn } from './resource-arn.ts';

type Sns = Extract<ResolvedDestination, { type: 'sns' }>;

export const snsParts = (scope: Construct, destination: Sns): KindParts => {
  const { id, type, sources, maxConcurrency, enabled, topic, encryptionKey } = destination;
  const { fifo = topic.endsWith('.fifo') } = destination;
  const arn = resourceArn(topic, (resource) => Stack.of(scope).formatArn({ service: 'sns', resource }));
  return {
    settings: { id, type, ...(sources && { sources }), maxConcurrency, enabled, fifo },
    secrets: [],
    environment: { [ENV.destinationArn]: arn },
    grant: (grantee) => {
      grantee.allow(['sns:Publish'], [arn]);
      grantKey(grantee, encryptionKey, 'sns', ['kms:GenerateDataKey', 'kms:Decrypt']);
    },
  };
};
