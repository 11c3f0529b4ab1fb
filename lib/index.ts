export { EventPipeline } from './event-pipeline.ts';
export type { EventPipelineProps } from './event-pipeline-props.ts';
export { SluiceStack } from './sluice-stack.ts';
export { PipelineStage } from './stage.ts';
export { IngestApi } from './ingest-api.ts';
export { Control } from './control.ts';
export { Tables } from './tables.ts';
export { SluiceFunction } from './function.ts';
