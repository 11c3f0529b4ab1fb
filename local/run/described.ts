/** What a user has to know of a pipeline to send it events: read from its functions' bundles. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_FILES, type DeliverBundle, type IngestBundle } from '../../contract/bundle.ts';
import { ENV } from '../../contract/environment.ts';
import type { DestinationSettings, SourceSettings, WebhookSettings } from '../../contract/settings.ts';
import type { FunctionSpec } from '../lambda/template.ts';

export interface DescribedDestination {
  readonly id: string;
  /** Where its events go: a webhook's URL, the ARN of a resource of AWS, or `actions:` and the name of a destination of Segment's catalogue. */
  readonly target: WebhookSettings['url'];
}

export interface DescribedPipeline {
  readonly sources: readonly Pick<SourceSettings, 'id' | 'writeKeys'>[];
  readonly destinations: readonly DescribedDestination[];
}

type AnyBundle = Partial<Pick<IngestBundle, 'sources' | 'maxKeys'> & Pick<DeliverBundle, 'destination'>>;

const targetOf = (destination: DestinationSettings, arn: string): WebhookSettings['url'] => {
  if (destination.type === 'webhook') return destination.url;
  return destination.type === 'actions' ? `actions:${destination.destination}` : arn;
};

export const describePipeline = async (
  functions: readonly Pick<FunctionSpec, 'codeDir' | 'environment'>[],
): Promise<DescribedPipeline> => {
  const bundles = await Promise.all(
    functions.map(async ({ codeDir, environment }) => ({
      ...(JSON.parse(await readFile(join(codeDir, BUNDLE_FILES.config), 'utf8')) as AnyBundle),
      arn: environment[ENV.destinationArn],
    })),
  );
  return {
    // Control has sources as well, without their keys.
    sources: bundles.flatMap(({ sources = [], maxKeys }) => (maxKeys === undefined ? [] : sources)),
    destinations: bundles.flatMap(({ destination, arn = '' }) =>
      // What the canary gets, its own function takes.
      destination === undefined || destination.type === 'canary'
        ? []
        : [{ id: destination.id, target: targetOf(destination, arn) }],
    ),
  };
};
