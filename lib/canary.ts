/** The canary: a source and a destination that nobody writes, and that no other event reaches. */
import { createHash } from 'node:crypto';
import { CANARY } from '../contract/canary.ts';
import type { CanaryDestination, ResolvedConfig } from '../config/index.ts';

/** Lambda's least: a canary's traffic is small. */
const CONCURRENCY = 2;

/** Nobody has to choose it, and it stays the same while the others do. Who has all of them could send to each source anyway. */
const writeKeyOf = (pipeline: string, { sources }: ResolvedConfig): string => {
  const keys = sources.flatMap(({ writeKeys }) => writeKeys);
  const hash = createHash('sha256').update(JSON.stringify([pipeline, ...keys]));
  return `canary-${hash.digest('base64url').slice(0, 32)}`;
};

const DESTINATION: CanaryDestination = {
  id: CANARY,
  type: 'canary',
  sources: [CANARY],
  maxConcurrency: CONCURRENCY,
  enabled: true,
};

/** Destinations that take all sources take all others. @param pipeline names it in its account */
export const withCanary = (
  config: ResolvedConfig,
  pipeline: string,
): { readonly config: ResolvedConfig; readonly writeKey?: string } => {
  if (!config.canary) return { config };
  const { sources, destinations } = config;
  const others = sources.map(({ id }) => id);
  const writeKey = writeKeyOf(pipeline, config);
  return {
    writeKey,
    config: {
      ...config,
      sources: [...sources, { id: CANARY, enabled: true, orderBy: 'userId', writeKeys: [writeKey] }],
      destinations: [...destinations.map((one) => ({ ...one, sources: one.sources ?? others })), DESTINATION],
    },
  };
};
