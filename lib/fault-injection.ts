import { Duration, Names, RemovalPolicy, Stack, Tags, Validations } from 'aws-cdk-lib';
import { CfnExperimentTemplate } from 'aws-cdk-lib/aws-fis';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { PipelineSettings } from './context.ts';
import type { PipelineStage } from './stage.ts';

/** Where AWS publishes the ARN of its extension's layer in each region, for the architecture of the functions. */
const EXTENSION = '/aws/service/fis/lambda-extension/AWS-FIS-extension-arm64/1.x.x';

/** In the bucket: the service writes there what is to fail, the extensions read it. */
const FOLDER = 'FisConfigs';

/** A tag of the destinations' functions, of which an experiment picks one. */
const TARGET_TAG = 'sluice:fault-injection';

/**
 * Long enough for the router to degrade (the extension hears of the fault within a minute, two probes take two more), and for
 * its first pause to end while the fault lasts: it must stay degraded then.
 */
const DURATION = 'PT10M';

/** Well below the 10 seconds within which a function must have answered control's probe: slow is not broken. */
const MAX_DELAY = 5_000;

export interface FaultInjectionProps {
  readonly context: PipelineSettings;
  readonly router: PipelineStage;
  readonly destinations: readonly PipelineStage[];
  /** Of the destinations' functions; milliseconds. */
  readonly deliverTimeout: number;
  /** What an experiment must not set off. Any of them stops it. */
  readonly stopOn: readonly Alarm[];
}

/**
 * Experiments of AWS Fault Injection Service on the pipeline's stages. Nothing happens until someone starts one; but each stage's
 * function carries the service's extension, which makes it start more slowly and asks a bucket once a minute.
 *
 * Ingest and control are left alone: no experiment may cost an event, and control is what the experiments are about.
 */
export class FaultInjection extends Construct {
  /** Every invocation of the router fails, before its code runs. */
  readonly routerFails: CfnExperimentTemplate;
  /** Every invocation of one destination's function, picked by the service, begins late. @default - there is no destination */
  readonly destinationSlow: CfnExperimentTemplate | undefined;

  readonly #context: PipelineSettings;
  readonly #bucket: Bucket;
  readonly #role: Role;
  readonly #stopOn: readonly Alarm[];

  constructor(scope: Construct, id: string, props: FaultInjectionProps) {
    super(scope, id);
    const { context, router, destinations, deliverTimeout, stopOn } = props;
    this.#context = context;
    this.#stopOn = stopOn;
    this.#bucket = this.#makeBucket();
    const stages = [router, ...destinations];
    this.#equip(stages);
    this.#role = this.#makeRole(stages);

    this.routerFails = this.#template('RouterFails', {
      title: 'the router fails',
      description: 'Every invocation of the router fails for 10 minutes, before its code runs',
      target: { resourceArns: [router.function.lambda.functionArn], selectionMode: 'ALL' },
      actionId: 'aws:lambda:invocation-error',
      parameters: { preventExecution: 'true' },
    });
    if (destinations.length === 0) return;
    const tag = Names.uniqueResourceName(this, { maxLength: 128 });
    for (const stage of destinations) Tags.of(stage.function.lambda).add(TARGET_TAG, tag);
    const delay = Math.min(MAX_DELAY, Math.floor(deliverTimeout / 4));
    this.destinationSlow = this.#template('DestinationSlow', {
      title: 'a destination is slow',
      description: `Every invocation of one destination's function begins ${delay / 1_000} s late for 10 minutes`,
      target: { resourceTags: { [TARGET_TAG]: tag }, selectionMode: 'COUNT(1)' },
      actionId: 'aws:lambda:invocation-add-delay',
      parameters: { startupDelayMilliseconds: String(delay) },
    });
  }

  /** What is in it means something only while an experiment runs, and the service takes it out again. */
  #makeBucket(): Bucket {
    const bucket = new Bucket(this, 'Faults', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(1) }],
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'It holds which faults are on at the moment, and nothing of anybody; a log would be another bucket.',
    });
    return bucket;
  }

  /** The extension's layer, what it has to know, and what it may read. */
  #equip(stages: readonly PipelineStage[]): void {
    const arn = StringParameter.valueForStringParameter(this, EXTENSION);
    const layer = LayerVersion.fromLayerVersionArn(this, 'Extension', arn);
    for (const { function: its } of stages) {
      its.lambda.addLayers(layer);
      its.lambda.addEnvironment('AWS_LAMBDA_EXEC_WRAPPER', '/opt/aws-fis/bootstrap');
      its.lambda.addEnvironment('AWS_FIS_CONFIGURATION_LOCATION', this.#bucket.arnForObjects(`${FOLDER}/`));
      // A function that has answered is frozen, and the look into the bucket with it: let it end first.
      its.lambda.addEnvironment('AWS_FIS_POLL_MAX_WAIT_MILLISECONDS', '1000');
      its.allow(['s3:ListBucket'], [this.#bucket.bucketArn], {
        StringLike: { 's3:prefix': [`${FOLDER}/*`] },
      });
      its.allow(['s3:GetObject'], [this.#bucket.arnForObjects(`${FOLDER}/*`)]);
      this.#acknowledgeFolder(its);
    }
  }

  /** The service acts as this role while an experiment runs. */
  #makeRole(stages: readonly PipelineStage[]): Role {
    const { partition, region, account } = Stack.of(this);
    const role = new Role(this, 'Role', {
      // For experiments of this account and region alone: the service acts for other accounts as well.
      assumedBy: new ServicePrincipal('fis.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': `arn:${partition}:fis:${region}:${account}:experiment/*` },
        },
      }),
      description: 'Sluice: fault injection',
    });
    const allow = (actions: string[], resources: string[]): boolean =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    allow(['s3:PutObject', 's3:DeleteObject'], [this.#bucket.arnForObjects(`${FOLDER}/*`)]);
    allow(
      ['lambda:GetFunction'],
      stages.map((stage) => stage.function.lambda.functionArn),
    );
    allow(['tag:GetResources'], ['*']);
    this.#acknowledgeFolder(role);
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Looking functions up by their tags knows no resources, and reads nothing but tags.',
    });
    return role;
  }

  #acknowledgeFolder(scope: Construct): void {
    const bucket = this.#bucket.stack.getLogicalId(this.#bucket.node.defaultChild as never);
    Validations.of(scope).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${bucket}.Arn>/${FOLDER}/*]`,
      reason: 'The service names the files in the folder as it likes. The bucket is for nothing else.',
    });
  }

  #template(
    id: string,
    experiment: {
      readonly title: string;
      readonly description: string;
      readonly target: Pick<
        CfnExperimentTemplate.ExperimentTemplateTargetProperty,
        'resourceArns' | 'resourceTags' | 'selectionMode'
      >;
      readonly actionId: string;
      readonly parameters: Readonly<Record<string, string>>;
    },
  ): CfnExperimentTemplate {
    const { title, description, target, actionId, parameters } = experiment;
    const template = new CfnExperimentTemplate(this, id, {
      description,
      roleArn: this.#role.roleArn,
      targets: { functions: { resourceType: 'aws:lambda:function', ...target } },
      actions: {
        fault: {
          actionId,
          parameters: { duration: DURATION, invocationPercentage: '100', ...parameters },
          targets: { Functions: 'functions' },
        },
      },
      stopConditions: this.#stopOn.map(({ alarmArn }) => ({
        source: 'aws:cloudwatch:alarm',
        value: alarmArn,
      })),
      tags: { Name: `${this.#context.pipeline}: ${title}` },
    });
    // The service looks at what the role may do when the template is made.
    template.node.addDependency(this.#role);
    return template;
  }
}
