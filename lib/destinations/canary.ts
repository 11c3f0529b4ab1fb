import type { CanaryDestination } from '../../config/index.ts';
import type { KindParts } from './kind-parts.ts';

/** What it records stands in the stages' own table. */
export const canaryParts = ({
  id,
  type,
  sources,
  maxConcurrency,
  enabled,
}: CanaryDestination): KindParts => ({
  settings: { id, type, sources, maxConcurrency, enabled },
  secrets: [],
  environment: {},
  grant: () => undefined,
});
