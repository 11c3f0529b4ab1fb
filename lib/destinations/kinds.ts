/** What each kind of destination adds to its stage. */
import type { Construct } from 'constructs';
import type { ResolvedDestination } from '../../config/index.ts';
import { actionsParts } from './actions.ts';
import { archiveParts } from './archive.ts';
import type { ArchiveStore } from '../archive.ts';
import { canaryParts } from './canary.ts';
import type { KindParts } from './kind-parts.ts';
import { firehoseParts } from './firehose.ts';
import { s3Parts } from './s3.ts';
import { eventBridgeParts } from './eventbridge.ts';
import { kinesisParts } from './kinesis.ts';
import { lambdaParts } from './lambda.ts';
import { snsParts } from './sns.ts';
import { sqsParts } from './sqs.ts';
import { webhookParts } from './webhook.ts';

/**
 * @param baseDir of the project
 * @param archive where the pipeline's own archive is kept, for that kind alone
 */
export const kindParts = (
  scope: Construct,
  destination: ResolvedDestination,
  baseDir: string,
  archive?: ArchiveStore,
): KindParts => {
  switch (destination.type) {
    case 'webhook':
      return webhookParts(destination);
    case 'sqs':
      return sqsParts(scope, destination);
    case 'sns':
      return snsParts(scope, destination);
    case 'kinesis':
      return kinesisParts(scope, destination);
    case 'lambda':
      return lambdaParts(scope, destination);
    case 'eventbridge':
      return eventBridgeParts(scope, destination);
    case 'actions':
      return actionsParts(destination, baseDir);
    case 'firehose':
      return firehoseParts(scope, destination);
    case 's3':
      return s3Parts(scope, destination);
    case 'canary':
      return canaryParts(destination);
    case 'archive':
      return archiveParts(destination, archive);
  }
};
