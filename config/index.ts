export { deprecationsOf, type Deprecation } from './deprecated.ts';
export { isToken } from './destinations/resource.ts';
export { ConfigError, validateConfig } from './validate.ts';
export type {
  PipelineConfig,
  ResolvedConfig,
  ArchiveDestination,
  CanaryDestination,
  ResolvedDestination,
  ResolvedSource,
  ResolvedTiming,
  ResolvedTransform,
} from './schema.ts';
export type {
  EventContext,
  EventFields,
  EventTraits,
  JsonRecord,
  JsonValue,
  SluiceEvent,
  Transform,
  TransformContext,
  TransformResult,
} from './transform-api.ts';
import type { PipelineConfig } from './schema.ts';

/** Gives `sluice.config.ts` its types in an editor. It is validated when it is used. */
export const defineConfig = (config: PipelineConfig): PipelineConfig => config;
