import { ArnFormat, Duration, RemovalPolicy, Stack, Tags, Validations } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import {
  PolicyStatement,
  Role,
  ServicePrincipal,
  type IGrantable,
  type IPrincipal,
} from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DISABLE_ASSET_STAGING_CONTEXT } from 'aws-cdk-lib/cx-api';
import { Construct } from 'constructs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildCode, type FunctionCode, type HandlerName, type TransformSource } from './code.ts';
import { TRANSFORM_METADATA, type TransformMetadata } from '../config/assembly.ts';
import { ENV } from '../contract/environment.ts';
import type { PlanModule } from './plan-module.ts';
import { checkTransform } from './check-transform.ts';
import { viaService } from './encryption.ts';
import { FUNCTION_TAG, nameOf, optional, type PipelineSettings } from './context.ts';

export interface SluiceFunctionProps {
  readonly context: PipelineSettings;
  /** Whose code it is: `lambdas/<handler>/handler.ts`. */
  readonly handler: HandlerName;
  /** Part of its name, when the pipeline names things. */
  readonly name: string;
  readonly description: string;
  /** What its `bundle.json` says, the code version left out. */
  readonly config: object;
  /** The user's code that it runs. @default - none */
  readonly transform?: TransformSource | undefined;
  /** The validators of tracking plans that it runs. @default - none */
  readonly plans?: PlanModule | undefined;
  /** MB; Lambda gives processor time in proportion. */
  readonly memorySize: number;
  readonly timeout: Duration;
  /** By the names of `ENV`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Concurrency kept for this function. @default - none */
  readonly reservedConcurrency?: number | undefined;
  /** Tries after the first of an asynchronous invocation, each within a minute. @default - Lambda's own */
  readonly asyncRetries?: number | undefined;
}

/** A statement's conditions: values by the condition key, by the operator. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/**
 * A function of the pipeline: its code as an asset, its own log group, and a role that may write to it and do
 * nothing else until `allow` says so.
 */
export class SluiceFunction extends Construct implements IGrantable {
  readonly lambda: LambdaFunction;
  readonly grantPrincipal: IPrincipal;
  /** Absolute paths of the files that its code is made of, packages left out. */
  readonly inputs: readonly string[];
  readonly codeVersion: string;
  readonly #secretKeys: readonly string[];

  /** @throws ConfigError when the transform cannot be bundled, or does not load */
  constructor(scope: Construct, id: string, props: SluiceFunctionProps) {
    super(scope, id);
    const { context, handler, name, transform, asyncRetries, environment } = props;
    this.#secretKeys = context.secretKeys;
    const code = buildCode(handler, props.config, context, transform, props.plans);
    if (transform !== undefined && context.checkTransforms)
      checkTransform(code, transform, context, props.memorySize);
    if (transform !== undefined) this.#describe(transform, code, props);
    this.inputs = code.inputs;
    this.codeVersion = code.codeVersion;

    const logGroup = new LogGroup(this, 'Logs', {
      retention: context.logRetention,
      ...optional('encryptionKey', context.encryptionKey),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Not Lambda's managed policy: that one may write to every log group of the account.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Sluice: ${props.description}`,
    });
    logGroup.grantWrite(role);
    this.lambda = withDirectory(this, code, (directory) => {
      return new LambdaFunction(this, 'Handler', {
        code: Code.fromAsset(directory, { assetHash: code.hash }),
        handler: 'index.handler',
        runtime: Runtime.NODEJS_24_X,
        architecture: Architecture.ARM_64,
        role,
        logGroup,
        // Three lines of Lambda's own for each invocation that succeeds cost more than our one: this leaves those of failed ones. Our lines are
        // JSON already, and are kept whatever level they name.
        loggingFormat: LoggingFormat.JSON,
        systemLogLevelV2: SystemLogLevel.WARN,
        applicationLogLevelV2: ApplicationLogLevel.TRACE,
        description: `Sluice: ${props.description}`,
        memorySize: props.memorySize,
        timeout: props.timeout,
        environment: {
          NODE_OPTIONS: '--enable-source-maps',
          [ENV.pipeline]: context.pipeline,
          ...environment,
        },
        ...optional('functionName', nameOf(context, name)),
        ...optional('reservedConcurrentExecutions', props.reservedConcurrency),
        ...(asyncRetries === undefined
          ? {}
          : { retryAttempts: asyncRetries, maxEventAge: Duration.minutes(1) }),
      });
    });
    this.grantPrincipal = role;
    Validations.of(this).acknowledge(
      {
        id: 'Serverless-LambdaTracing',
        reason:
          'Tracing needs a permission on all resources and one more service on the path of every event. The ' +
          'message ids in the logs show what became of an event.',
      },
      {
        id: 'Serverless-LambdaDLQ',
        reason:
          'A dead-letter queue of a function is for asynchronous calls. API Gateway and event source mappings call it ' +
          'synchronously; what is called asynchronously, control and drains, is made up for in the next minute.',
      },
    );
    if (asyncRetries === undefined) return;
    Validations.of(this).acknowledge({
      id: 'Serverless-LambdaAsyncFailureDestination',
      reason:
        'The asynchronous calls are those of the schedule, of the flip topic, and those by which control starts to ' +
        'drain; control starts again each minute what there still is to do.',
    });
  }

  /** In the assembly, and not in the template: paths of this machine are nobody else's. */
  #describe({ file, key }: TransformSource, code: FunctionCode, props: SluiceFunctionProps): void {
    const { handler, memorySize: memory, context } = props;
    if (handler !== 'router' && handler !== 'deliver') return;
    const { baseDir, where } = context;
    const inputs = code.transformInputs;
    const data = { handler, file, key, baseDir, where, inputs, memory } satisfies TransformMetadata;
    this.node.addMetadata(TRANSFORM_METADATA, data);
  }

  /** Lets the function do this, to these resources only. @param conditions as IAM has them; all must hold */
  allow(actions: readonly string[], resources: readonly string[], conditions: Conditions = {}): void {
    this.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: [...resources],
        conditions: { ...conditions },
      }),
    );
  }

  /**
   * Lets the function invoke itself. By a tag, and not by its ARN: when it is created it waits for its role's policy, which therefore
   * cannot name it.
   * @param tag no other function of the account has it
   */
  allowItself(tag: string): void {
    Tags.of(this.lambda).add(FUNCTION_TAG, tag);
    const { partition, region, account } = Stack.of(this);
    const any = `:lambda:${region}:${account}:function:*`;
    this.allow(['lambda:InvokeFunction'], [`arn:${partition}${any}`], {
      StringEquals: { [`aws:ResourceTag/${FUNCTION_TAG}`]: tag },
    });
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:*]',
      reason: 'Limited to the function that has the tag: itself.',
    });
  }

  /** Lets the function do this to items of these tables and indexes. @param keys patterns of their partition keys */
  allowItems(actions: readonly string[], tables: readonly string[], keys: readonly string[]): void {
    this.allow(actions, tables, { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...keys] } });
  }

  /** Lets the function read the values of these secrets, given by name, and of no others. */
  allowSecrets(names: readonly string[]): void {
    if (names.length === 0) return;
    const arns = [...new Set(names)].map((name) =>
      Stack.of(this).formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        // Secrets Manager adds a dash and six characters to a name.
        resourceName: `${name}-??????`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    );
    this.allow(['secretsmanager:GetSecretValue'], arns);
    if (this.#secretKeys.length === 0) return;
    this.allow(['kms:Decrypt'], this.#secretKeys, viaService(this, 'secretsmanager'));
  }

  /** Invocations that ended in an error, or in the timeout. @default - sum over 5 minutes */
  metricErrors(options?: MetricOptions): Metric {
    return this.lambda.metricErrors(options);
  }

  /** @default - sum over 5 minutes */
  metricThrottles(options?: MetricOptions): Metric {
    return this.lambda.metricThrottles(options);
  }

  /** Of one invocation. @default - average over 5 minutes */
  metricDuration(options?: MetricOptions): Metric {
    return this.lambda.metricDuration(options);
  }
}

/** An asset is made from a directory, which is copied to the assembly while the function is constructed. */
const withDirectory = <T>(scope: Construct, { files }: FunctionCode, use: (directory: string) => T): T => {
  const directory = mkdtempSync(path.join(tmpdir(), 'sluice-'));
  try {
    for (const [name, contents] of files) writeFileSync(path.join(directory, name), contents);
    return use(directory);
  } finally {
    // Without staging the assembly refers to the directory itself.
    const isStaged = scope.node.tryGetContext(DISABLE_ASSET_STAGING_CONTEXT) === undefined;
    if (isStaged) rmSync(directory, { recursive: true });
  }
};
