/** An account of AWS, and a stack in it, as the doctor sees them. */
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  paginateListMetrics,
  type Metric,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Orphan } from '../../contract/status.ts';
import { controlClient } from '../client.ts';
import { CommandFailure } from '../failure.ts';
import { stackTransport } from '../transport.ts';
import { configOf, describeStack } from '../describe-stack.ts';
import { all, optional, orAbsent, read } from './aws-read.ts';
import { readStack } from './aws-stack.ts';
import { NotRead } from './finding.ts';
import { wantedOnAws, type WantedOptions } from './wanted.ts';
import type { MetricId, World } from './world.ts';

export interface AwsOptions {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  /** @default - the account, before anything is deployed */
  readonly stack?: string | undefined;
  /** The construct's id, where the stack has several pipelines. */
  readonly pipeline?: string | undefined;
}

/** The most that CloudWatch takes in a call. */
const ALARMS = 100;

const idOf = ({ Namespace = '', MetricName = '', Dimensions = [] }: Metric): MetricId => ({
  namespace: Namespace,
  name: MetricName,
  dimensions: Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value])),
});

/** Those of its own, or those that its expressions are made of. */
const watchedBy = ({ Metrics = [], ...alarm }: MetricAlarm): readonly MetricId[] =>
  alarm.MetricName === undefined
    ? Metrics.flatMap(({ MetricStat }) => (MetricStat?.Metric === undefined ? [] : [idOf(MetricStat.Metric)]))
    : [idOf(alarm)];

const once = <Value>(make: () => Promise<Value>): (() => Promise<Value>) => {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
};

const chunks = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  items.length <= size ? [items] : [items.slice(0, size), ...chunks(items.slice(size), size)];

type Reads = Omit<World, 'place' | 'options' | 'control' | 'leftBehind' | 'wanted' | 'deployed'>;

const reads = (config: ReturnType<typeof configOf>): Reads => {
  const cloudWatch = new CloudWatchClient(config);
  const lambda = new LambdaClient(config);
  const secretsManager = new SecretsManagerClient(config);
  const sns = new SNSClient(config);
  const sqs = new SQSClient({ ...config, useQueueUrlAsEndpoint: false });
  return {
    concurrency: async () => {
      const {
        AccountLimit: { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: unreserved } = {},
      } = await read('lambda:GetAccountSettings', () => lambda.send(new GetAccountSettingsCommand({})));
      if (limit === undefined) throw new NotRead('Lambda does not say what its quota is');
      return { limit, unreserved: unreserved ?? limit };
    },
    logRole: () =>
      read('apigateway:GET on /account', async () => {
        const { APIGatewayClient, GetAccountCommand } = await optional(
          '@aws-sdk/client-api-gateway',
          () => import('@aws-sdk/client-api-gateway'),
        );
        const { cloudwatchRoleArn } = await new APIGatewayClient(config).send(new GetAccountCommand({}));
        return cloudwatchRoleArn;
      }),
    bootstrapVersion: (Name) =>
      read(`ssm:GetParameter on ${Name}`, async () => {
        const { SSMClient, GetParameterCommand } = await optional(
          '@aws-sdk/client-ssm',
          () => import('@aws-sdk/client-ssm'),
        );
        const found = await orAbsent(
          new SSMClient(config).send(new GetParameterCommand({ Name })),
          'ParameterNotFound',
        );
        return found?.Parameter?.Value;
      }),
    secret: (SecretId) =>
      read(`secretsmanager:DescribeSecret on ${SecretId}`, async () => {
        const found = await orAbsent(
          secretsManager.send(new DescribeSecretCommand({ SecretId })),
          'ResourceNotFoundException',
        );
        if (found === undefined) return 'absent';
        return found.DeletedDate === undefined ? 'there' : 'being deleted';
      }),
    hasBus: (Name) =>
      read(`events:DescribeEventBus on ${Name}`, async () => {
        const { EventBridgeClient, DescribeEventBusCommand } = await optional(
          '@aws-sdk/client-eventbridge',
          () => import('@aws-sdk/client-eventbridge'),
        );
        // arn:aws:events:eu-west-1:111122223333:event-bus/company
        const region = Name.split(':')[3];
        const client = new EventBridgeClient({ ...config, ...(region === undefined ? {} : { region }) });
        const found = await orAbsent(
          client.send(new DescribeEventBusCommand({ Name })),
          'ResourceNotFoundException',
        );
        return found !== undefined;
      }),
    queueAttributes: (QueueUrl) =>
      read(`sqs:GetQueueAttributes on ${QueueUrl}`, async () => {
        const found = await orAbsent(
          sqs.send(
            new GetQueueAttributesCommand({
              QueueUrl,
              AttributeNames: ['DeduplicationScope', 'FifoThroughputLimit'],
            }),
          ),
          'QueueDoesNotExist',
          'AWS.SimpleQueueService.NonExistentQueue',
        );
        return found === undefined ? undefined : (found.Attributes ?? {});
      }),
    subscriptions: (TopicArn) =>
      read(`sns:ListSubscriptionsByTopic on ${TopicArn}`, async () => {
        const found = await all(
          paginateListSubscriptionsByTopic({ client: sns }, { TopicArn }),
          (page) => page.Subscriptions,
        );
        return found.map(
          ({ SubscriptionArn: arn = '', Protocol: protocol = '', Endpoint: endpoint = '' }) => ({
            arn,
            protocol,
            endpoint,
          }),
        );
      }),
    alarms: (names) =>
      read('cloudwatch:DescribeAlarms', async () => {
        const found: MetricAlarm[] = [];
        for (const AlarmNames of chunks(names, ALARMS)) {
          const page = await cloudWatch.send(
            new DescribeAlarmsCommand({ AlarmNames: [...AlarmNames], MaxRecords: ALARMS }),
          );
          found.push(...(page.MetricAlarms ?? []));
        }
        return found.map((alarm) => ({ name: alarm.AlarmName ?? '', metrics: watchedBy(alarm) }));
      }),
    metrics: (Namespace, MetricName) =>
      read('cloudwatch:ListMetrics', async () => {
        const found = await all(
          paginateListMetrics({ client: cloudWatch }, { Namespace, MetricName }),
          (page) => page.Metrics,
        );
        return found.map(idOf);
      }),
  };
};

/** Control knows it: CloudFormation has forgotten these queues. */
const leftBehind = async ({
  stack,
  ...rest
}: AwsOptions & { readonly stack: string }): Promise<readonly Orphan[]> => {
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const ask = controlClient(stackTransport({ stack, ...given }), 'npx sluice doctor');
  try {
    return (await ask({ command: 'status' })).orphans;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    throw new NotRead(error.message);
  }
};

const nothing = (): Promise<never> =>
  Promise.reject(new NotRead('nothing is deployed yet: --stack examines a stack'));

export const awsWorld = (
  { stack, pipeline, region, profile }: AwsOptions,
  options: Omit<WantedOptions, 'stack' | 'account' | 'region'>,
): World => {
  const config = configOf({ region, profile });
  const client = new CloudFormationClient(config);
  const given = Object.entries({ region, profile }).filter(([, value]) => value !== undefined);
  return {
    place: stack === undefined ? 'account' : 'stack',
    control: [...(stack === undefined ? [] : [['stack', stack] as const]), ...given]
      .map(([name, value]) => ` --${name} ${value}`)
      .join(''),
    leftBehind: stack === undefined ? nothing : () => leftBehind({ stack, pipeline, region, profile }),
    options: given.map(([name, value]) => ` --${name} ${value}`).join(''),
    wanted: once(async () => {
      const id = stack === undefined ? undefined : (await describeStack(client, stack)).StackId;
      return wantedOnAws({
        ...options,
        ...(stack === undefined ? {} : { stack }),
        // arn:aws:cloudformation:eu-west-1:111122223333:stack/...
        account: id?.split(':')[4],
        region: await client.config.region().catch(() => undefined),
      });
    }),
    deployed: stack === undefined ? nothing : once(() => readStack(client, stack)),
    ...reads(config),
  };
};
