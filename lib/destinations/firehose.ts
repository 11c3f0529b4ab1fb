import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../../contract/environment.ts';
import type { ResolvedDestination } from '../../config/index.ts';
import type { KindParts } from './kind-parts.ts';
import { resourceArn } from './resource-arn.ts';

type Firehose = Extract<ResolvedDestination, { type: 'firehose' }>;

/** Its key is Firehose's own business: who puts records needs no permission on it. */
export const firehoseParts = (scope: Construct, destination: Firehose): KindParts => {
  const { id, type, sources, maxConcurrency, enabled, deliveryStream } = destination;
  const arnFormat = ArnFormat.SLASH_RESOURCE_NAME;
  const arn = resourceArn(deliveryStream, (resourceName) =>
    Stack.of(scope).formatArn({ service: 'firehose', resource: 'deliverystream', resourceName, arnFormat }),
  );
  return {
    settings: { id, type, ...(sources && { sources }), maxConcurrency, enabled },
    secrets: [],
    environment: { [ENV.destinationArn]: arn },
    grant: (grantee) => {
      grantee.allow(['firehose:PutRecordBatch'], [arn]);
    },
  };
};
