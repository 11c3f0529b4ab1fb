import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../../contract/environment.ts';
import type { ResolvedDestination } from '../../config/index.ts';
import { grantKey } from './grant-key.ts';
import type { KindParts } from './kind-parts.ts';
import { resourceArn } from './resource-arn.ts';

type Sqs = Extract<ResolvedDestination, { type: 'sqs' }>;

export const sqsParts = (scope: Construct, destination: Sqs): KindParts => {
  const { id, type, sources, maxConcurrency, enabled, queue, encryptionKey } = destination;
  const { fifo = queue.endsWith('.fifo') } = destination;
  const arn = resourceArn(queue, (resource) => Stack.of(scope).formatArn({ service: 'sqs', resource }));
  return {
    settings: { id, type, ...(sources && { sources }), maxConcurrency, enabled, fifo },
    secrets: [],
    environment: { [ENV.destinationArn]: arn },
    grant: (grantee) => {
      grantee.allow(['sqs:SendMessage'], [arn]);
      grantKey(grantee, encryptionKey, 'sqs', ['kms:GenerateDataKey', 'kms:Decrypt']);
    },
  };
};
