import { ENV } from '../../contract/environment.ts';
import type { ArchiveDestination } from '../../config/index.ts';
import type { ArchiveStore } from '../archive.ts';
import type { KindParts } from './kind-parts.ts';

/** @param store where it is kept */
export const archiveParts = (
  { id, type, sources, maxConcurrency, enabled }: ArchiveDestination,
  store: ArchiveStore | undefined,
): KindParts => {
  if (store === undefined) throw new Error('a pipeline with an archive has a place for it');
  return {
    settings: { id, type, ...(sources && { sources }), maxConcurrency, enabled },
    secrets: [],
    environment: { [ENV.destinationArn]: store.streamArn },
    grant: (grantee) => {
      grantee.allow(['firehose:PutRecord'], [store.streamArn]);
    },
  };
};
