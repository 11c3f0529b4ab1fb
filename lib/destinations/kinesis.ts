import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../../contract/environment.ts';
import type { ResolvedDestination } from '../../config/index.ts';
import { grantKey } from './grant-key.ts';
import type { KindParts } from './kind-parts.ts';
import { resourceArn } from './resource-arn.ts';

type Kinesis = Extract<ResolvedDestination, { type: 'kinesis' }>;

export const kinesisParts = (scope: Construct, destination: Kinesis): KindParts => {
  const { id, type, sources, maxConcurrency, enabled, stream, encryptionKey } = destination;
  const arnFormat = ArnFormat.SLASH_RESOURCE_NAME;
  const arn = resourceArn(stream, (resourceName) =>
    Stack.of(scope).formatArn({ service: 'kinesis', resource: 'stream', resourceName, arnFormat }),
  );
  return {
    settings: { id, type, ...(sources && { sources }), maxConcurrency, enabled },
    secrets: [],
    environment: { [ENV.destinationArn]: arn },
    grant: (grantee) => {
      grantee.allow(['kinesis:PutRecord'], [arn]);
      grantKey(grantee, encryptionKey, 'kinesis', ['kms:GenerateDataKey']);
    },
  };
};
