import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../../contract/environment.ts';
import type { ResolvedDestination } from '../../config/index.ts';
import type { KindParts } from './kind-parts.ts';
import { resourceArn } from './resource-arn.ts';

type Lambda = Extract<ResolvedDestination, { type: 'lambda' }>;

export const lambdaParts = (scope: Construct, destination: Lambda): KindParts => {
  const { id, type, sources, batch, maxConcurrency, enabled, function: written } = destination;
  const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
  const arn = resourceArn(written, (resourceName) =>
    Stack.of(scope).formatArn({ service: 'lambda', resource: 'function', resourceName, arnFormat }),
  );
  return {
    settings: { id, type, ...(sources && { sources }), batch, maxConcurrency, enabled },
    secrets: [],
    environment: { [ENV.destinationArn]: arn },
    grant: (grantee) => {
      grantee.allow(['lambda:InvokeFunction'], [arn]);
    },
  };
};
