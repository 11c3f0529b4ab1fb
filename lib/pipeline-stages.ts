/** From the configuration to the stages: what the function of each knows of it, and which secrets it may read. */
import type { Construct } from 'constructs';
import { alignedList } from '../contract/aligned-list.ts';
import { ROUTER_STAGE, type DeliverBundle, type RouterBundle } from '../contract/bundle.ts';
import { ENV } from '../contract/environment.ts';
import type { PipelineConfig, ResolvedConfig, ResolvedDestination } from '../config/index.ts';
import type { ArchiveStore } from './archive.ts';
import { paceOf } from '../config/pace.ts';
import type { PipelineSettings } from './context.ts';
import { kindParts } from './destinations/kinds.ts';
import type { FlipTopic } from './flip-topic.ts';
import type { NestedStages } from './nested-stages.ts';
import { planModule } from './plan-module.ts';
import { PipelineStage } from './stage.ts';
import type { Tables } from './tables.ts';
import { stageTransform } from './transform.ts';

export interface StageParts {
  readonly context: PipelineSettings;
  readonly tables: Tables;
  readonly flipTopic: FlipTopic;
  readonly nested: NestedStages;
  /** Where the pipeline's archive is kept, if it has one. */
  readonly archive?: ArchiveStore | undefined;
  readonly config: ResolvedConfig;
  /** What `config` was made of: errors name its keys. */
  readonly written: PipelineConfig;
}

/** @param stageOf the stage of a destination, by its id */
export const routerStage = (
  scope: Construct,
  { context, tables, flipTopic, nested, config, written }: StageParts,
  stageOf: (id: string) => PipelineStage,
): PipelineStage => {
  const { destinations, timing, degradedMode, deduplication, router } = config;
  const transform = stageTransform('transform', written.transform, config.transform);
  const plans = planModule(config, written, context);
  const enabled = destinations.filter((destination) => destination.enabled);
  const stage = new PipelineStage(scope, 'Router', {
    context,
    tables,
    flipTopic,
    stage: ROUTER_STAGE,
    handler: 'router',
    queueName: 'events',
    functionName: 'router',
    description: "runs the pipeline's transform and fans out to the destinations",
    config: {
      destinations: enabled.map(({ id, type, sources, integration, consentManagement, filter }) => ({
        id,
        ...(sources && { sources }),
        ...(integration && { integration }),
        ...(consentManagement && { consentManagement }),
        ...(filter && { filter }),
        ...(type === 'archive' && { archive: true as const }),
      })),
      timing,
      degradedMode,
      ...(deduplication && { deduplication }),
      ...(plans && { plans: plans.settings }),
      ...transform.bundle,
    } satisfies Omit<RouterBundle, 'codeVersion'>,
    transform: transform.source,
    plans,
    secrets: transform.secrets,
    timeout: timing.routerTimeout,
    visibility: timing.routerVisibility,
    maxConcurrency: router.maxConcurrency,
    environment: {
      [ENV.destinationQueueNames]: alignedList(
        enabled.map(({ id }) => id),
        enabled.map(({ id }) => stageOf(id).queueName),
        nested.queueNames,
      ),
    },
  });
  const own = enabled.filter(({ nestedStack }) => nestedStack === undefined);
  for (const { id } of own) stageOf(id).grantSend(stage.function);
  nested.grantSend(stage.function);
  // Their queues are named and not referred to; the router must not send before they are there.
  for (const { scope: stack } of nested.scopes) stage.function.lambda.node.addDependency(stack);
  return stage;
};

/**
 * Put into the nested stack that the configuration names, if it does. One that is switched off has its stage, so that it continues to deliver what it has.
 * @param i its place in the configuration
 */
export const destinationStage = (
  { context, tables, flipTopic, nested, archive, config, written }: StageParts,
  destination: ResolvedDestination,
  i: number,
): PipelineStage => {
  const { timing, degradedMode } = config;
  const { id, maxConcurrency, pii } = destination;
  const transform = stageTransform(
    `destinations[${i}].transform`,
    written.destinations[i]?.transform,
    destination.transform,
  );
  const { scope, queueNames } = nested.homeOf(destination);
  const kind = kindParts(scope, destination, context.baseDir, archive);
  const pace = paceOf(destination, degradedMode);
  const stage = new PipelineStage(scope, `Destination-${id}`, {
    context,
    tables,
    flipTopic,
    stage: id,
    handler: 'deliver',
    queueName: `to-${id}`,
    queueNames,
    functionName: `deliver-${id}`,
    description: `delivers to ${id}`,
    config: {
      destination: kind.settings,
      ...(pace !== undefined && { pace }),
      timing,
      degradedMode,
      ...(pii && { pii }),
      ...transform.bundle,
    } satisfies Omit<DeliverBundle, 'codeVersion'>,
    transform: transform.source,
    secrets: [...kind.secrets, ...transform.secrets, ...(pii?.secret ? [pii.secret.secretName] : [])],
    timeout: timing.deliverTimeout,
    visibility: timing.deliverVisibility,
    maxConcurrency,
    memory: kind.memory,
    environment: kind.environment,
  });
  kind.grant(stage.function);
  return stage;
};
