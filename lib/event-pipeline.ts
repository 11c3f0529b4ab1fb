import { Annotations, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import path from 'node:path';
import { alignedList } from '../contract/aligned-list.ts';
import { ROUTER_STAGE, type DeliverBundle, type RouterBundle } from '../contract/bundle.ts';
import { ENV } from '../contract/environment.ts';
import {
  ConfigError,
  validateConfig,
  type PipelineConfig,
  type ResolvedConfig,
  type ResolvedDestination,
} from '../config/index.ts';
import { resolveTransforms } from '../config/transforms.ts';
import { Alerting } from './alerting.ts';
import type { PipelineContext } from './context.ts';
import { Control, type ControlledStage } from './control.ts';
import type { EventPipelineProps } from './event-pipeline-props.ts';
import { FaultInjection } from './fault-injection.ts';
import { FlipTopic } from './flip-topic.ts';
import { IngestApi } from './ingest-api.ts';
import { Monitoring } from './monitoring.ts';
import { isPrivateUrl } from './private-network.ts';
import { PipelineStage } from './stage.ts';
import { Tables } from './tables.ts';
import { stageTransform } from './transform.ts';

const NAME_PREFIX = /^[A-Za-z][A-Za-z0-9-]{0,19}$/;

/**
 * An event pipeline that stays available when its own code is broken: a front door for RudderStack's SDKs, a router, and
 * one stage per destination, with FIFO queues between them that keep each user's events in order.
 */
export class EventPipeline extends Construct {
  readonly ingest: IngestApi;
  readonly router: PipelineStage;
  /** By the destination's id, in the order of the configuration. */
  readonly destinations: ReadonlyMap<string, PipelineStage>;
  readonly tables: Tables;
  readonly control: Control;
  /** Changes of mode, for programs. */
  readonly flipTopic: FlipTopic;
  readonly alerting: Alerting;
  readonly monitoring: Monitoring;
  /** Undefined unless it was asked for. */
  readonly faultInjection: FaultInjection | undefined;
  /** What SDKs are given as the data plane's URL; without a slash at the end. */
  readonly dataPlaneUrl: string;
  /** Absolute paths of the files that the functions' code is made of, packages left out. */
  readonly inputs: readonly string[];

  readonly #context: PipelineContext;
  readonly #config: ResolvedConfig;
  /** What `#config` was made of: errors name its keys. */
  readonly #written: PipelineConfig;

  /** @throws ConfigError with one line for each mistake */
  constructor(scope: Construct, id: string, props: EventPipelineProps) {
    super(scope, id);
    const {
      baseDir = process.cwd(),
      configName,
      removalPolicy,
      namePrefix,
      logRetention,
      accountLogRole,
      runbookUrl,
      faultInjection = false,
      checkTransforms = true,
      controlSeconds,
      ...config
    } = props;
    this.#context = {
      baseDir: path.resolve(baseDir),
      where: configName ?? this.node.path,
      pipeline: pipelineName(this),
      stackName: Stack.of(this).stackName,
      runbookUrl: runbookUrl ?? 'docs/runbook.md',
      namePrefix,
      removalPolicy: removalPolicy ?? RemovalPolicy.RETAIN,
      logRetention: logRetention ?? RetentionDays.ONE_MONTH,
      checkTransforms,
    };
    this.#written = config;
    this.#config = this.#validate(config, controlSeconds);

    this.tables = new Tables(this, 'Tables', this.#context);
    this.flipTopic = new FlipTopic(this, 'Flips', this.#context);
    this.destinations = new Map(
      this.#config.destinations.map((destination, i) => [destination.id, this.#deliver(destination, i)]),
    );
    this.router = this.#router();
    this.ingest = new IngestApi(this, 'Ingest', {
      context: this.#context,
      config: this.#config,
      router: this.router,
      tables: this.tables,
      accountLogRole: accountLogRole ?? true,
    });
    this.control = new Control(this, 'Control', {
      context: this.#context,
      config: this.#config,
      tables: this.tables,
      flipTopic: this.flipTopic,
      stages: this.#controlled(),
    });
    this.alerting = new Alerting(this, 'Alerting', {
      context: this.#context,
      alerts: this.#config.alerts,
    });
    this.monitoring = new Monitoring(this, 'Monitoring', {
      context: this.#context,
      alerting: this.alerting,
      ingest: this.ingest,
      control: this.control,
      stages: this.stages,
    });
    this.faultInjection = faultInjection ? this.#faultInjection() : undefined;
    this.dataPlaneUrl = this.ingest.url;
    const functions = [
      this.ingest.function,
      this.control.function,
      ...this.stages.map((stage) => stage.function),
    ];
    this.inputs = [...new Set(functions.flatMap(({ inputs }) => inputs))].sort();
    this.#warn();
  }

  /** Every stage, the router's first. */
  get stages(): readonly PipelineStage[] {
    return [this.router, ...this.destinations.values()];
  }

  /**
   * The stage of a destination.
   * @throws Error when there is no destination of that id
   */
  destination(id: string): PipelineStage {
    const stage = this.destinations.get(id);
    if (stage !== undefined) return stage;
    throw new Error(
      `there is no destination ${id}; the destinations are ${[...this.destinations.keys()].join(', ')}`,
    );
  }

  #validate(written: PipelineConfig, controlSeconds: number | undefined): ResolvedConfig {
    const { baseDir, namePrefix, where } = this.#context;
    if (namePrefix !== undefined && !NAME_PREFIX.test(namePrefix)) {
      const use = 'use a letter, then up to 19 letters, digits and dashes';
      throw new ConfigError(
        [`namePrefix: ${JSON.stringify(namePrefix)} cannot begin a name; ${use}`],
        this.node.path,
      );
    }
    const interval = controlSeconds === undefined ? undefined : controlSeconds * 1000;
    return resolveTransforms(validateConfig(written, where, interval), written, baseDir, where);
  }

  #router(): PipelineStage {
    const { destinations, timing, degradedMode, deduplication, router } = this.#config;
    const transform = stageTransform('transform', this.#written.transform, this.#config.transform);
    const enabled = destinations.filter((destination) => destination.enabled);
    const queueNames = enabled.map(({ id }) => this.destination(id).queue.queueName);
    const stage = new PipelineStage(this, 'Router', {
      context: this.#context,
      tables: this.tables,
      flipTopic: this.flipTopic,
      stage: ROUTER_STAGE,
      handler: 'router',
      queueName: 'events',
      functionName: 'router',
      description: "runs the pipeline's transform and fans out to the destinations",
      config: {
        destinations: enabled.map(({ id, sources }) => (sources === undefined ? { id } : { id, sources })),
        timing,
        degradedMode,
        ...(deduplication && { deduplication }),
        ...transform.bundle,
      } satisfies Omit<RouterBundle, 'codeVersion'>,
      transform: transform.source,
      secrets: transform.secrets,
      timeout: timing.routerTimeout,
      visibility: timing.routerVisibility,
      maxConcurrency: router.maxConcurrency,
      environment: {
        [ENV.destinationQueueNames]: alignedList(
          enabled.map(({ id }) => id),
          queueNames,
        ),
      },
    });
    for (const { id } of enabled) this.destination(id).grantSend(stage.function);
    return stage;
  }

  /** One that is switched off keeps its stage, so that it goes on delivering what it has. */
  #deliver(destination: ResolvedDestination, i: number): PipelineStage {
    const { timing, degradedMode } = this.#config;
    const { id, maxConcurrency, transform: resolved, headers, signingSecret, ...rest } = destination;
    const written = this.#written.destinations[i]?.transform;
    const transform = stageTransform(`destinations[${i}].transform`, written, resolved);
    const secrets = [...Object.values(headers), signingSecret].flatMap((value) =>
      typeof value === 'object' ? [value.secretName] : [],
    );
    return new PipelineStage(this, `Destination-${id}`, {
      context: this.#context,
      tables: this.tables,
      flipTopic: this.flipTopic,
      stage: id,
      handler: 'deliver',
      queueName: `to-${id}`,
      functionName: `deliver-${id}`,
      description: `delivers to ${id}`,
      config: {
        destination: { id, maxConcurrency, headers, ...(signingSecret && { signingSecret }), ...rest },
        timing,
        degradedMode,
        ...transform.bundle,
      } satisfies Omit<DeliverBundle, 'codeVersion'>,
      transform: transform.source,
      secrets: [...secrets, ...transform.secrets],
      timeout: timing.deliverTimeout,
      visibility: timing.deliverVisibility,
      maxConcurrency,
    });
  }

  #faultInjection(): FaultInjection {
    const { alarms } = this.monitoring;
    return new FaultInjection(this, 'FaultInjection', {
      context: this.#context,
      router: this.router,
      destinations: [...this.destinations.values()],
      deliverTimeout: this.#config.timing.deliverTimeout,
      // Accepting must go on whatever fails behind it, and so must what ends degraded mode.
      stopOn: ['IngestErrors', 'Heartbeat'].flatMap((name) => alarms.get(name) ?? []),
    });
  }

  #controlled(): ControlledStage[] {
    const { router, destinations, timing } = this.#config;
    return [
      { maxConcurrency: router.maxConcurrency, timeout: timing.routerTimeout, stage: this.router },
      ...destinations.map(({ id, maxConcurrency }) => ({
        maxConcurrency,
        timeout: timing.deliverTimeout,
        stage: this.destination(id),
      })),
    ];
  }

  #warn(): void {
    for (const { id, url, allowPrivateNetwork } of this.#config.destinations) {
      if (allowPrivateNetwork || !isPrivateUrl(url)) continue;
      Annotations.of(this).addWarningV2(
        `sluice:private-destination-${id}`,
        `the destination ${id} sends to ${url}, which works in the local run only; name a public address, or set allowPrivateNetwork`,
      );
    }
  }
}

/** Unique in an account's region, as stacks' names are; in the characters that tags and metrics can hold. */
const pipelineName = (pipeline: Construct): string => {
  const stack = Stack.of(pipeline);
  const place = pipeline.node.path.slice(stack.node.path.length);
  return `${stack.stackName}${place.replaceAll(/[^\w+\-=.:/@ ]/g, '-')}`;
};
