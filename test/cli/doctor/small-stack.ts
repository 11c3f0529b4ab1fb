/** A small stack with a nested one: the app that makes it, and AWS as it answers where all of it is well. */
import { Failure, type Answer } from './aws-stand-in.ts';

const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/111122223333/crm.fifo';
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:alarms';
const SUBSCRIPTION = `${TOPIC}:1111`;
/** The physical id of the nested stack. */
export const NESTED = 'nested-of-crm';
const ALARM = 'Shop: control is silent';

/** With what the checks look at, and a character that CloudFormation does not give back. */
export const ROOT_TEMPLATE = {
  Parameters: {
    BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/shop/version' },
  },
  Rules: {
    Check: { Assertions: [{ Assert: { 'Fn::Contains': [['1', '2'], { Ref: 'BootstrapVersion' }] } }] },
  },
  Resources: {
    Account: { Type: 'AWS::ApiGateway::Account', Properties: {} },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'Störungen' } },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: { Endpoint: '{{resolve:secretsmanager:pager-url:SecretString:::}}' },
    },
    Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: ALARM } },
    Deliver: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Environment: {
          Variables: {
            SLUICE_DESTINATION_ARN: {
              'Fn::Join': [
                '',
                [
                  'arn:',
                  { Ref: 'AWS::Partition' },
                  ':events:',
                  { Ref: 'AWS::Region' },
                  ':',
                  { Ref: 'AWS::AccountId' },
                  ':event-bus/company',
                ],
              ],
            },
          },
        },
      },
    },
    Crm: {
      Type: 'AWS::CloudFormation::Stack',
      Properties: { TemplateURL: { 'Fn::Join': ['', ['https://s3/bucket', '/nested.json']] } },
    },
  },
};
const NESTED_TEMPLATE = {
  Resources: {
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: { FifoQueue: true, Tags: [{ Key: 'sluice:pipeline', Value: 'Shop' }] },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { ScalingConfig: { MaximumConcurrency: 7 } },
    },
  },
};

export const APP = `import { writeFileSync, mkdirSync } from 'node:fs';
const out = process.env.CDK_OUTDIR;
const { refused, stackName = 'Shop' } = JSON.parse(process.env.CDK_CONTEXT_JSON);
if (refused) { console.error('destinations: there is none'); process.exit(1); }
mkdirSync(out, { recursive: true });
const write = (name, value) => writeFileSync(out + '/' + name, JSON.stringify(value));
const root = ${JSON.stringify(ROOT_TEMPLATE)};
root.Resources.Where = { Type: 'Custom::Where', Properties: { At: process.env.CDK_DEFAULT_ACCOUNT + ' ' + process.env.CDK_DEFAULT_REGION } };
write('root.template.json', root);
write('nested.template.json', ${JSON.stringify(NESTED_TEMPLATE)});
write('Shop.assets.json', { files: { nested: { source: { path: 'nested.template.json' }, destinations: { here: { objectKey: 'nested.json' } } } } });
write('Shop.metadata.json', { '/Shop/Events': [{ type: 'sluice:pipeline', data: 'Shop/Events' }] });
write('Other.template.json', {});
write('Other.assets.json', {});
const stack = (name, templateFile, more = {}) => ({ type: 'aws:cloudformation:stack', properties: { templateFile, stackName: name }, ...more });
write('manifest.json', { artifacts: { Shop: stack(stackName, 'root.template.json', { additionalMetadataFile: 'Shop.metadata.json' }), Other: stack('Other', 'Other.template.json') } });
`;

export const withPlace = (at: string) => ({
  ...ROOT_TEMPLATE,
  Resources: { ...ROOT_TEMPLATE.Resources, Where: { Type: 'Custom::Where', Properties: { At: at } } },
});

const member = (fields: Readonly<Record<string, string>>): string =>
  `<member>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</member>`;

/** As CloudFormation gives it. */
export const asText = (template: object): string =>
  JSON.stringify(template).replaceAll('<', '&lt;').replaceAll('ö', '?');

const resources = (ids: Readonly<Record<string, string>>): string =>
  `<StackResourceSummaries>${Object.entries(ids)
    .map(([LogicalResourceId, PhysicalResourceId]) => member({ LogicalResourceId, PhysicalResourceId }))
    .join('')}</StackResourceSummaries>`;

const HEARTBEAT = {
  Namespace: 'Sluice',
  MetricName: 'Heartbeat',
  Dimensions: [{ Name: 'Pipeline', Value: 'Shop' }],
};

export const HEALTHY: Readonly<Record<string, Answer>> = {
  DescribeStacks: ({ StackName }) =>
    `<Stacks>${member({
      StackName: String(StackName),
      StackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/Shop/1',
      StackStatus: 'UPDATE_COMPLETE',
      Outputs: member({ OutputKey: 'ControlFunction', OutputValue: 'Shop-Control' }),
    })}</Stacks>`,
  Invoke: () => ({ ok: true, result: { orphans: [] } }),
  GetTemplate: ({ StackName }) =>
    `<TemplateBody>${asText(StackName === NESTED ? NESTED_TEMPLATE : withPlace('111122223333 eu-west-1'))}</TemplateBody>`,
  ListStackResources: ({ StackName, NextToken }) => {
    if (StackName === NESTED) return resources({ Queue: QUEUE });
    return NextToken === 'more'
      ? resources({ Alarm: ALARM, Crm: NESTED })
      : `${resources({ Topic: TOPIC, Subscription: SUBSCRIPTION })}<NextToken>more</NextToken>`;
  },
  GetAccountSettings: () => ({
    AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 1000 },
  }),
  GetAccount: () => ({ cloudwatchRoleArn: 'arn:aws:iam::111122223333:role/logs' }),
  GetParameter: ({ Name }) =>
    Name === '/cdk-bootstrap/shop/version'
      ? { Parameter: { Name, Value: '28' } }
      : new Failure('ParameterNotFound'),
  DescribeSecret: ({ SecretId }) =>
    SecretId === 'pager-url' ? { Name: SecretId } : new Failure('ResourceNotFoundException'),
  DescribeEventBus: ({ Name }) => (Name === 'company' ? { Name } : new Failure('ResourceNotFoundException')),
  GetQueueAttributes: ({ QueueUrl }) =>
    QueueUrl === QUEUE
      ? { Attributes: { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' } }
      : new Failure('com.amazonaws.sqs#QueueDoesNotExist'),
  ListSubscriptionsByTopic: ({ TopicArn }) =>
    `<Subscriptions>${
      TopicArn === TOPIC
        ? member({
            SubscriptionArn: SUBSCRIPTION,
            Protocol: 'https',
            Endpoint: 'https://pager.example.com/key',
          })
        : ''
    }</Subscriptions>`,
  DescribeAlarms: () => ({ MetricAlarms: [{ AlarmName: ALARM, ...HEARTBEAT }] }),
  ListMetrics: () => ({ Metrics: [HEARTBEAT] }),
};
