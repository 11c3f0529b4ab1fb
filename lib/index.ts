export { EventPipeline } from './event-pipeline.ts';
export type { BudgetSettings } from './budget.ts';
export type { DomainSettings } from './custom-domain.ts';
export type { EventPipelineProps } from './event-pipeline-props.ts';
export { Destination } from './destinations/destination.ts';
export { SluiceStack } from './sluice-stack.ts';
export { PipelineStage } from './stage.ts';
export { IngestApi } from './ingest-api.ts';
export { Control } from './control.ts';
export { Tables } from './tables.ts';
export { ArchiveStore } from './archive.ts';
export { SluiceFunction } from './function.ts';
export { FlipTopic } from './flip-topic.ts';
export { Alerting } from './alerting.ts';
export { Monitoring } from './monitoring.ts';
export { FaultInjection } from './fault-injection.ts';
export { ConfigError, defineConfig } from '../config/index.ts';
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
} from '../config/index.ts';
