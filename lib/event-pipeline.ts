import { Annotations, CfnOutput, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Key, type IKey } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import path from 'node:path';
import { ConfigError, validateConfig, type PipelineConfig, type ResolvedConfig } from '../config/index.ts';
import { PIPELINE_METADATA } from '../config/assembly.ts';
import { ArchiveStore, withArchive } from './archive.ts';
import { CANARY_CONTEXT } from '../contract/canary.ts';
import { readVariant, withCanary } from './canary.ts';
import { checkCatalogue } from '../config/catalogue/index.ts';
import { resolvePlans } from '../config/plans/resolve.ts';
import { resolveTransforms } from '../config/transforms.ts';
import { Alerting } from './alerting.ts';
import { Budget } from './budget.ts';
import { ChangeEvents } from './change-events.ts';
import type { PipelineSettings } from './context.ts';
import { Control, type ControlledStage } from './control.ts';
import { CustomDomain } from './custom-domain.ts';
import { Dashboard } from './dashboard.ts';
import { allowServices } from './encryption.ts';
import type { EventPipelineProps } from './event-pipeline-props.ts';
import { FaultInjection } from './fault-injection.ts';
import { FlipTopic } from './flip-topic.ts';
import { IngestApi } from './ingest-api.ts';
import { Monitoring } from './monitoring.ts';
import { warningsOf } from '../config/warnings.ts';
import { drainWorkers } from '../config/pace.ts';
import { NestedStages } from './nested-stages.ts';
import { destinationStage, routerStage } from './pipeline-stages.ts';
import { privateUrls } from './private-urls.ts';
import type { PipelineStage } from './stage.ts';
import { Tables } from './tables.ts';
import { WebAcl } from './web-acl.ts';

const KEY_ARN = /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/;

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
  /** Undefined unless it was asked for. */
  readonly archive: ArchiveStore | undefined;
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

  readonly #context: PipelineSettings;
  readonly #config: ResolvedConfig;

  /** @throws ConfigError with one line for each mistake */
  constructor(scope: Construct, id: string, props: EventPipelineProps) {
    super(scope, id);
    this.node.addMetadata(PIPELINE_METADATA, this.node.path);
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
      encryptionKey,
      secretKeys = [],
      controlSeconds,
      webAcl,
      domain,
      budget,
      dashboard = true,
      outputs = true,
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
      encryptionKey: typeof encryptionKey === 'string' ? this.#importKey(encryptionKey) : encryptionKey,
      secretKeys: secretKeys.map((arn) => this.#keyArn('secretKeys', arn)),
      checkTransforms,
    };
    allowServices(this, this.#context);
    const canary = withCanary(
      withArchive(this.#validate(config, controlSeconds)),
      this.#context.pipeline,
      readVariant(this.node.tryGetContext(CANARY_CONTEXT)),
    );
    this.#config = canary.config;

    this.tables = new Tables(this, 'Tables', this.#context);
    this.flipTopic = new FlipTopic(this, 'Flips', this.#context);
    const { archive } = this.#config;
    this.archive = archive && new ArchiveStore(this, 'Archive', this.#context, archive);
    const parts = {
      archive: this.archive,
      context: this.#context,
      tables: this.tables,
      flipTopic: this.flipTopic,
      nested: new NestedStages(this, this.#context),
      config: this.#config,
      written: config,
    };
    this.destinations = new Map(
      this.#config.destinations.map((one, i) => [one.id, destinationStage(parts, one, i)]),
    );
    this.router = routerStage(this, parts, (id) => this.destination(id));
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
      archive: this.archive,
      canaryKey: canary.writeKey,
      nested: parts.nested,
    });
    this.alerting = new Alerting(this, 'Alerting', {
      context: this.#context,
      alerts: this.#config.alerts,
    });
    const { changes } = this.#config.alerts;
    if (changes !== undefined)
      new ChangeEvents(this, 'ChangeEvents', {
        context: this.#context,
        secret: changes,
        stages: this.stages,
      });
    if (this.#config.canary) this.control.hearPages(this.alerting.alarmTopic);
    this.monitoring = new Monitoring(this, 'Monitoring', {
      context: this.#context,
      alerting: this.alerting,
      ingest: this.ingest,
      control: this.control,
      stages: this.stages,
      volume: this.#config.alerts,
      nested: parts.nested.scopes,
      retention: this.#config.records.retention,
    });
    if (dashboard) {
      const { ingest, control, monitoring, stages } = this;
      new Dashboard(this, 'Dashboard', { context: this.#context, ingest, control, monitoring, stages });
    }
    this.faultInjection = faultInjection ? this.#faultInjection() : undefined;
    if (webAcl !== undefined) new WebAcl(this, 'WebAcl', { api: this.ingest.api, webAclArn: webAcl });
    if (budget !== undefined) new Budget(this, 'Budget', { ...budget, topic: this.alerting.noticeTopic });
    const { api } = this.ingest;
    this.dataPlaneUrl = domain ? new CustomDomain(this, 'Domain', { ...domain, api }).url : this.ingest.url;
    if (outputs) {
      this.#output('DataPlaneUrl', this.dataPlaneUrl, "Give it to SDKs as the data plane's URL");
      this.#output('ControlFunction', this.control.function.lambda.functionName, 'What npx sluice asks');
    }
    const functions = [
      this.ingest.function,
      this.control.function,
      ...this.stages.map((stage) => stage.function),
    ];
    this.inputs = [...new Set(functions.flatMap(({ inputs }) => inputs))].sort();
    this.#warn(config);
  }

  /** Every stage, the router's first. */
  get stages(): readonly [PipelineStage, ...PipelineStage[]] {
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

  #importKey(arn: string): IKey {
    return Key.fromKeyArn(this, 'EncryptionKey', this.#keyArn('encryptionKey', arn));
  }

  /** An alias has no ARN that IAM compares, and a pattern would be every key's. @throws ConfigError */
  #keyArn(name: string, arn: string): string {
    if (Token.isUnresolved(arn) || KEY_ARN.test(arn)) return arn;
    const use = 'use the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>';
    throw new ConfigError(
      [`${name}: ${JSON.stringify(arn)} is not the ARN of a key; ${use}`],
      this.node.path,
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
    const valid = validateConfig(written, where, interval);
    checkCatalogue(valid, baseDir, where);
    return resolvePlans(resolveTransforms(valid, written, baseDir, where), written, baseDir, where);
  }

  /** Under a name that a person can guess: that of the construct, and of those between it and the stack. */
  #output(name: string, value: string, description: string): void {
    const place = this.node.path.slice(Stack.of(this).node.path.length).replaceAll(/[^A-Za-z0-9]/g, '');
    new CfnOutput(this, name, { value, description }).overrideLogicalId(`${place}${name}`);
  }

  #faultInjection(): FaultInjection {
    const { alarms } = this.monitoring;
    return new FaultInjection(this, 'FaultInjection', {
      context: this.#context,
      router: this.router,
      destinations: [...this.destinations.values()],
      deliverTimeout: this.#config.timing.deliverTimeout,
      // Accepting must continue whatever fails behind it, and so must what ends degraded mode.
      stopOn: ['IngestErrors', 'Heartbeat'].flatMap((name) => alarms.get(name) ?? []),
    });
  }

  #controlled(): ControlledStage[] {
    const { router, destinations } = this.#config;
    return [
      { maxConcurrency: router.maxConcurrency, stage: this.router },
      ...destinations.map((one) => ({
        maxConcurrency: one.maxConcurrency,
        // Of a rate each worker has a part.
        ...(one.rate !== undefined && { drainConcurrency: drainWorkers(one, this.#config.degradedMode) }),
        stage: this.destination(one.id),
      })),
    ];
  }

  #warn(written: PipelineConfig): void {
    for (const { id, warning } of warningsOf(written, this.#config))
      Annotations.of(this).addWarningV2(`sluice:${id}`, `${this.#context.where}: ${warning}`);
    for (const { id, warning } of privateUrls(this.#config))
      Annotations.of(this).addWarningV2(`sluice:${id}`, warning);
  }
}

/** Unique in an account's region, as stacks' names are; in the characters that tags and metrics can hold. */
const pipelineName = (pipeline: Construct): string => {
  const stack = Stack.of(pipeline);
  const place = pipeline.node.path.slice(stack.node.path.length);
  return `${stack.stackName}${place.replaceAll(/[^\w+\-=.:/@ ]/g, '-')}`;
};
