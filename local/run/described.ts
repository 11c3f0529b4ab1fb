/** What a user has to know of a pipeline to send it events: read from its functions' bundles. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_FILES, type DeliverBundle, type IngestBundle } from '../../contract/bundle.ts';
import type { DestinationSettings, SourceSettings } from '../../contract/settings.ts';
import type { FunctionSpec } from '../lambda/template.ts';

export interface DescribedPipeline {
  readonly sources: readonly Pick<SourceSettings, 'id' | 'writeKeys'>[];
  readonly destinations: readonly Pick<DestinationSettings, 'id' | 'url'>[];
}

type AnyBundle = Partial<Pick<IngestBundle, 'sources' | 'maxKeys'> & Pick<DeliverBundle, 'destination'>>;

export const describePipeline = async (
  functions: readonly Pick<FunctionSpec, 'codeDir'>[],
): Promise<DescribedPipeline> => {
  const bundles = await Promise.all(
    functions.map(
      async ({ codeDir }) =>
        JSON.parse(await readFile(join(codeDir, BUNDLE_FILES.config), 'utf8')) as AnyBundle,
    ),
  );
  return {
    // Control has sources as well, without their keys.
    sources: bundles.flatMap(({ sources = [], maxKeys }) => (maxKeys === undefined ? [] : sources)),
    destinations: bundles.flatMap(({ destination }) => (destination === undefined ? [] : [destination])),
  };
};
