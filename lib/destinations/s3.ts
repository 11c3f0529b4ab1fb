import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../../contract/environment.ts';
import type { ResolvedDestination } from '../../config/index.ts';
import { grantKey } from './grant-key.ts';
import type { KindParts } from './kind-parts.ts';
import { resourceArn } from './resource-arn.ts';

type S3 = Extract<ResolvedDestination, { type: 's3' }>;

export const s3Parts = (scope: Construct, destination: S3): KindParts => {
  const { id, type, sources, batch, maxConcurrency, enabled, bucket, prefix, encryptionKey } = destination;
  const arn = resourceArn(bucket, (resource) =>
    Stack.of(scope).formatArn({ service: 's3', region: '', account: '', resource }),
  );
  return {
    settings: { id, type, ...(sources && { sources }), batch, maxConcurrency, enabled, prefix },
    secrets: [],
    environment: { [ENV.destinationArn]: arn },
    grant: (grantee) => {
      grantee.allow(['s3:PutObject'], [`${arn}/${prefix}*`]);
      grantKey(grantee, encryptionKey, 's3', ['kms:GenerateDataKey']);
    },
  };
};
