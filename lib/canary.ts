/** The canary: a source and a destination that nobody writes, and that no other event reaches. */
import { createHash } from 'node:crypto';
import {
  CANARY,
  CANARY_CONCURRENCY,
  CANARY_CONTEXT,
  CANARY_OTHER_CONCURRENCY,
  CANARY_VARIANTS,
  type CanaryVariant,
} from '../contract/canary.ts';
import { ConfigError, type CanaryDestination, type ResolvedConfig } from '../config/index.ts';

/** Nobody has to choose it, and it stays the same while the others do. Who has all of them could send to each source anyway. */
const writeKeyOf = (pipeline: string, { sources }: ResolvedConfig): string => {
  const keys = sources.flatMap(({ writeKeys }) => writeKeys);
  const hash = createHash('sha256').update(JSON.stringify([pipeline, ...keys]));
  return `canary-${hash.digest('base64url').slice(0, 32)}`;
};

/** Its source stays while its destination is removed: what a check asks for is control's, and control has it still. */
const destinations = (variant: CanaryVariant | undefined): readonly CanaryDestination[] => {
  if (variant === 'removed') return [];
  const maxConcurrency = variant === 'concurrency' ? CANARY_OTHER_CONCURRENCY : CANARY_CONCURRENCY;
  return [{ id: CANARY, type: 'canary', sources: [CANARY], maxConcurrency, enabled: true }];
};

/** @param value of the CDK context `CANARY_CONTEXT` @throws ConfigError */
export const readVariant = (value: unknown): CanaryVariant | undefined => {
  const found = CANARY_VARIANTS.find((one) => one === value);
  if (value === undefined || found !== undefined) return found;
  throw new ConfigError(
    [`${JSON.stringify(value)} is unknown; use ${CANARY_VARIANTS.join(' or ')}, or leave it out`],
    `context ${CANARY_CONTEXT}`,
  );
};

/** Destinations that take all sources take all others. @param pipeline names it in its account */
export const withCanary = (
  config: ResolvedConfig,
  pipeline: string,
  variant?: CanaryVariant,
): { readonly config: ResolvedConfig; readonly writeKey?: string } => {
  if (!config.canary) return { config };
  const { sources } = config;
  const others = sources.map(({ id }) => id);
  const writeKey = writeKeyOf(pipeline, config);
  return {
    writeKey,
    config: {
      ...config,
      sources: [...sources, { id: CANARY, enabled: true, orderBy: 'userId', writeKeys: [writeKey] }],
      destinations: [
        ...config.destinations.map((one) => ({ ...one, sources: one.sources ?? others })),
        ...destinations(variant),
      ],
    },
  };
};
