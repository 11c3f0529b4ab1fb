import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  RestApi,
  type CfnRestApi,
} from 'aws-cdk-lib/aws-apigateway';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { IngestBundle } from '../contract/bundle.ts';
import { ENV } from '../contract/environment.ts';
import type { ResolvedConfig, ResolvedSource } from '../config/index.ts';
import type { SourceSettings } from '../contract/settings.ts';
import { sluiceVersion } from '../contract/version.ts';
import { nameOf, optional, wholeSeconds, type PipelineSettings } from './context.ts';
import { SluiceFunction } from './function.ts';
import { addGatewayResponses } from './gateway-responses.ts';
import type { PipelineStage } from './stage.ts';
import type { Tables } from './tables.ts';

/** API Gateway waits 29 s for a function; one that runs longer answers nobody. */
const MAX_TIMEOUT = 29;

/** Seconds that ingest has beyond its deadline, to answer 503 on its own. */
const GRACE = 5;

/** Never the path's query (a pixel carries the write key there), and no header but the agent. */
const ACCESS_LOG_FIELDS = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  responseType: '$context.error.responseType',
  error: '$context.error.message',
  latency: '$context.responseLatency',
  integrationStatus: '$context.integration.status',
  integrationLatency: '$context.integration.latency',
  integrationError: '$context.integration.error',
  responseLength: '$context.responseLength',
  tls: '$context.tlsVersion',
};

/**
 * API Gateway does not document that it escapes quotes in a path or an agent, which anyone on the internet may choose: an
 * agent with `","_aws":{` in it would make an embedded metric of the line, and could ring an alarm. CloudWatch reads metrics
 * only of a line that is JSON from its first character.
 */
const accessLog = ({ ip }: ResolvedConfig['ingest']['accessLog']): string => {
  const fields = Object.entries(ACCESS_LOG_FIELDS).filter(([name]) => name !== 'ip' || ip === 'full');
  return `access ${JSON.stringify(Object.fromEntries(fields))}`;
};

export interface IngestApiProps {
  readonly context: PipelineSettings;
  readonly config: Pick<ResolvedConfig, 'sources' | 'timing' | 'ingest'>;
  /** The router's: its queue is where accepted events go. */
  readonly router: PipelineStage;
  readonly tables: Tables;
  /** Whether to create the account's log role for API Gateway. */
  readonly accountLogRole: boolean;
}

/** Its tracking plan is the router's. */
const ingestSource = ({
  id,
  enabled,
  orderBy,
  writeKeys,
  rateLimit,
  anonymizeIp,
}: ResolvedSource): SourceSettings => ({
  id,
  enabled,
  orderBy,
  writeKeys,
  ...(rateLimit && { rateLimit }),
  ...(anonymizeIp && { anonymizeIp }),
});

/**
 * The front door: a regional REST API with one route, and ingest behind it.
 *
 * To accept an event it needs API Gateway, Lambda and SQS, and nothing else. (`/health` alone reads the state table, and
 * answers without it.) Every body is handed to ingest as base64, so that gzip arrives as it was sent.
 */
export class IngestApi extends Construct {
  readonly api: RestApi;
  readonly function: SluiceFunction;
  /** What SDKs are given as the data plane's URL; without a slash at the end. */
  readonly url: string;

  constructor(scope: Construct, id: string, { context, config, router, tables, ...props }: IngestApiProps) {
    super(scope, id);
    const { sources, timing, ingest } = config;
    this.function = new SluiceFunction(this, 'Function', {
      context,
      handler: 'ingest',
      name: 'ingest',
      description: 'accepts events over HTTPS and stores them in order',
      config: {
        version: sluiceVersion(),
        sources: sources.map(ingestSource),
        timing: { ingestDeadline: timing.ingestDeadline },
        maxKeys: ingest.maxKeysPerRequest,
      } satisfies Omit<IngestBundle, 'codeVersion'>,
      // Processor time comes with memory, and a request of 20,000 users has a second of work in it: here that is four, and 153 MB. Of most
      // requests it is a millisecond, and waiting for SQS costs in proportion to memory.
      memorySize: 512,
      timeout: Duration.seconds(Math.min(MAX_TIMEOUT, wholeSeconds(timing.ingestDeadline) + GRACE)),
      environment: { [ENV.eventsQueueUrl]: router.queue.queueUrl },
      reservedConcurrency: ingest.reservedConcurrency,
    });
    router.grantSend(this.function);
    // For /health, and one item: no event waits for it.
    tables.connectIngest(this.function);

    this.api = this.#restApi(context, ingest, props.accountLogRole);
    const integration = new LambdaIntegration(this.function.lambda, { allowTestInvoke: false });
    this.api.root.addMethod('ANY', integration);
    this.api.root.addResource('{proxy+}').addMethod('ANY', integration);
    addGatewayResponses(this.api);
    this.#acknowledge();

    const { region, urlSuffix } = Stack.of(this);
    const stageName = this.api.deploymentStage.stageName;
    this.url = `https://${this.api.restApiId}.execute-api.${region}.${urlSuffix}/${stageName}`;
  }

  #restApi(
    context: PipelineSettings,
    { rateLimit, burstLimit, accessLog: logged }: ResolvedConfig['ingest'],
    accountLogRole: boolean,
  ): RestApi {
    const accessLogs = new LogGroup(this, 'AccessLogs', {
      retention: context.logRetention,
      ...optional('encryptionKey', context.encryptionKey),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const api = new RestApi(this, 'Api', {
      restApiName: nameOf(context, 'ingest') ?? `${context.pipeline.replaceAll('/', '-')}-ingest`,
      description: 'Sluice: takes events from RudderStack SDKs',
      endpointTypes: [EndpointType.REGIONAL],
      binaryMediaTypes: ['*/*'],
      cloudWatchRole: accountLogRole,
      deployOptions: {
        throttlingRateLimit: rateLimit,
        throttlingBurstLimit: burstLimit,
        accessLogDestination: new LogGroupLogDestination(accessLogs),
        accessLogFormat: AccessLogFormat.custom(accessLog(logged)),
      },
    });
    // An output that RestApi creates, under a name that nobody can guess.
    api.node.tryRemoveChild('Endpoint');
    const resource = api.node.defaultChild as CfnRestApi;
    // TLS 1.2 at least; without it a regional API still takes 1.0. BASIC: also when a proxy or a CDN is in front.
    resource.securityPolicy = 'SecurityPolicy_TLS13_1_2_PQ_2025_09';
    resource.endpointAccessMode = 'BASIC';
    return api;
  }

  #acknowledge(): void {
    const writeKeys = 'Ingest checks the write key of each request; SDKs can send nothing else.';
    Validations.of(this.api).acknowledge(
      { id: 'AwsSolutions-APIG4', reason: writeKeys },
      { id: 'AwsSolutions-COG4', reason: writeKeys },
      {
        id: 'AwsSolutions-APIG2',
        reason:
          'Ingest validates: a bad event must not take the good ones of its batch down, and gzip and beacons cannot be ' +
          'matched with a JSON schema.',
      },
      {
        id: 'AwsSolutions-APIG3',
        reason:
          'A firewall has a cost and rules of its own, and is for the owner to add. What it refuses is answered with ' +
          '429, so that no event is lost.',
      },
      {
        id: 'AwsSolutions-APIG6',
        reason:
          'The access log says of each request what failed. The execution log would lie in a group that API Gateway ' +
          'makes, without a retention.',
      },
      {
        id: 'Serverless-APIGWXrayEnabled',
        reason: 'One more service on the path of every event. The access log has the latency of each part.',
      },
      {
        id: 'Serverless-APIGWStructuredLogging',
        reason:
          'The fields are JSON, behind a word: of a line that is all JSON CloudWatch would take embedded metrics, and ' +
          "clients choose a part of the line's text.",
      },
      {
        id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
        reason: "The account's log role for API Gateway, as API Gateway asks for it.",
      },
    );
  }

  /** Requests that were answered with a 5xx. @default - sum over 5 minutes */
  metricServerErrors(options?: MetricOptions): Metric {
    return this.api.metricServerError(options);
  }

  /** Requests that were answered with a 4xx, throttled ones included. @default - sum over 5 minutes */
  metricClientErrors(options?: MetricOptions): Metric {
    return this.api.metricClientError(options);
  }

  /** From the request's arrival to its answer. @default - average over 5 minutes */
  metricLatency(options?: MetricOptions): Metric {
    return this.api.metricLatency(options);
  }
}
