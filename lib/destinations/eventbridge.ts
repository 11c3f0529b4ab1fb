import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENV } from '../../contract/environment.ts';
import type { ResolvedDestination } from '../../config/index.ts';
import type { KindParts } from './kind-parts.ts';
import { resourceArn } from './resource-arn.ts';

type EventBridge = Extract<ResolvedDestination, { type: 'eventbridge' }>;

export const eventBridgeParts = (scope: Construct, destination: EventBridge): KindParts => {
  const { id, type, sources, maxConcurrency, enabled, bus, source } = destination;
  const arnFormat = ArnFormat.SLASH_RESOURCE_NAME;
  const arn = resourceArn(bus, (resourceName) =>
    Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName, arnFormat }),
  );
  return {
    settings: { id, type, ...(sources && { sources }), maxConcurrency, enabled, source },
    secrets: [],
    environment: { [ENV.destinationArn]: arn },
    grant: (grantee) => {
      grantee.allow(['events:PutEvents'], [arn]);
    },
  };
};
