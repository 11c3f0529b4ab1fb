/** Template fragments by hand: what `synth.test.ts`, with the real template, does not come across. */
import { describe, expect, it } from '@jest/globals';
import type { Assembly, Properties } from '../../../local/template/assembly.ts';
import { readStack, type Stack } from '../../../local/run/stack.ts';

const read = (
  resources: Readonly<Record<string, readonly [type: string, properties?: Properties]>>,
  outputs: Assembly['outputs'] = {},
): Stack =>
  readStack(
    {
      stackName: 'Test',
      resources: Object.entries(resources).map(([logicalId, [type, properties = {}]]) => ({
        logicalId,
        type: `AWS::${type}`,
        properties,
      })),
      outputs,
      assetDir: (key) => `/assets/${key}`,
    },
    'http://127.0.0.1:9324',
  );
const lambda = (properties: Properties = {}): [string, Properties] => [
  'Lambda::Function',
  { Code: { S3Key: 'code' }, Handler: 'index.handler', ...properties },
];
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

describe('functions', () => {
  it('are distinguished when one name is the beginning of another', () => {
    const { mappings, functions } = read({
      One: lambda({ FunctionName: 'deliver-a' }),
      Two: lambda({ FunctionName: 'deliver-ab' }),
      Queue: ['SQS::Queue'],
      First: ['Lambda::EventSourceMapping', { EventSourceArn: arnOf('Queue'), FunctionName: { Ref: 'Two' } }],
      Second: ['Lambda::EventSourceMapping', { EventSourceArn: arnOf('Queue'), FunctionName: arnOf('Two') }],
    });
    expect(mappings.map(({ functionName }) => functionName)).toEqual(['deliver-ab', 'deliver-ab']);
    expect(functions.map(({ name, isPolled }) => [name, isPolled])).toEqual([
      ['deliver-a', false],
      ['deliver-ab', true],
    ]);
  });

  it('are invoked asynchronously as Lambda does, or as the template says', () => {
    const { functions } = read({
      Plain: lambda(),
      Own: lambda(),
      Config: [
        'Lambda::EventInvokeConfig',
        { FunctionName: { Ref: 'Own' }, MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      ],
    });
    expect(functions.map((one) => one.async)).toEqual([
      { maxRetries: 2, maxAgeMs: 21_600_000 },
      { maxRetries: 0, maxAgeMs: 60_000 },
    ]);
  });

  it('have the aliases of the template, each with its own asynchronous settings', () => {
    const { functions } = read({
      Plain: lambda(),
      Control: lambda({ FunctionName: 'control' }),
      Read: ['Lambda::Alias', { FunctionName: { Ref: 'Control' }, FunctionVersion: '$LATEST', Name: 'read' }],
      Operate: [
        'Lambda::Alias',
        { FunctionName: arnOf('Control'), FunctionVersion: '$LATEST', Name: 'operate' },
      ],
      Config: [
        'Lambda::EventInvokeConfig',
        { FunctionName: { Ref: 'Control' }, Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
      ],
      OperateConfig: [
        'Lambda::EventInvokeConfig',
        { FunctionName: { Ref: 'Control' }, Qualifier: 'operate', MaximumRetryAttempts: 1 },
      ],
    });
    const [plain, control] = functions;
    expect(plain?.aliases).toEqual(new Map());
    expect(control?.async.maxRetries).toBe(0);
    expect(Object.fromEntries(control?.aliases ?? [])).toEqual({
      read: { maxRetries: 2, maxAgeMs: 21_600_000 },
      operate: { maxRetries: 1, maxAgeMs: 21_600_000 },
    });
  });

  it.each([
    ['another version', { FunctionVersion: '7', Name: 'read' }, 'Alias: an alias of version 7'],
    [
      'a second version',
      { FunctionVersion: '$LATEST', Name: 'read', RoutingConfig: {} },
      'Alias: an alias with a RoutingConfig',
    ],
    [
      'provisioned concurrency',
      { FunctionVersion: '$LATEST', Name: 'read', ProvisionedConcurrencyConfig: {} },
      'Alias: an alias with a ProvisionedConcurrencyConfig',
    ],
  ])('have no alias of %s: it is refused, and not run as something else', (_, properties, message) => {
    expect(() =>
      read({
        Control: lambda(),
        Alias: ['Lambda::Alias', { FunctionName: { Ref: 'Control' }, ...properties }],
      }),
    ).toThrow(`${message} is not known to the local run`);
  });

  it('are referred to by an alias’s ARN', () => {
    const { functions } = read({
      Control: lambda({ FunctionName: 'control' }),
      Read: ['Lambda::Alias', { FunctionName: { Ref: 'Control' }, FunctionVersion: '$LATEST', Name: 'read' }],
      Caller: lambda({ Environment: { Variables: { CONTROL: { Ref: 'Read' } } } }),
    });
    expect(functions.at(-1)?.environment['CONTROL']).toBe(
      'arn:aws:lambda:us-east-1:000000000000:function:control:read',
    );
  });

  it('have one for the operator: the one that the output names, else the one on the schedule', () => {
    const resources = {
      Control: lambda(),
      Other: lambda(),
      Rule: ['Events::Rule', { ScheduleExpression: 'rate(1 minute)', Targets: [{ Arn: arnOf('Control') }] }],
    } as const;
    expect(read(resources).controlFunction).toBe('Control');
    expect(read(resources, { ControlFunction: { Ref: 'Other' } }).controlFunction).toBe('Other');
    expect(read({}).controlFunction).toBeUndefined();
  });
});

describe('subscriptions', () => {
  const subscribe = (properties: Properties) =>
    read({
      Topic: ['SNS::Topic', { TopicName: 'alarms' }],
      Dead: ['SQS::Queue'],
      Control: lambda(),
      Subscription: ['SNS::Subscription', { TopicArn: { Ref: 'Topic' }, ...properties }],
    }).subscriptions[0];
  const url = { Protocol: 'https', Endpoint: 'https://example.com/' };

  it('have SNS’s policy, or their own', () => {
    const plain = {
      arn: 'arn:aws:sns:us-east-1:000000000000:alarms:Subscription',
      topicArn: 'arn:aws:sns:us-east-1:000000000000:alarms',
      protocol: 'https',
      endpoint: 'https://example.com/',
      retries: 3,
      maxDelayMs: 20_000,
      deadLetterQueue: undefined,
    };
    expect(subscribe(url)).toEqual(plain);
    expect(
      subscribe({
        ...url,
        DeliveryPolicy: { healthyRetryPolicy: { numRetries: 35, maxDelayTarget: 120 } },
        RedrivePolicy: { deadLetterTargetArn: arnOf('Dead') },
      }),
    ).toEqual({ ...plain, retries: 35, maxDelayMs: 120_000, deadLetterQueue: 'Dead' });
    expect(subscribe({ Protocol: 'lambda', Endpoint: arnOf('Control') })).toMatchObject({
      protocol: 'lambda',
      endpoint: 'Control',
    });
  });

  it.each([
    [{ ...url, Protocol: 'sms' }, 'Protocol: the local run knows lambda, http, https and email'],
    [{ ...url, FilterPolicy: { a: ['b'] } }, 'FilterPolicy: the local run filters nothing'],
    [{ ...url, RawMessageDelivery: true }, 'RawMessageDelivery: the local run knows envelopes only'],
  ])('that are not known here are refused: %j', (properties, message) => {
    expect(() => subscribe(properties)).toThrow(`the subscription Subscription: ${message}`);
  });
});

it('alarms have names and ARNs of their own', () => {
  const { alarms } = read({
    Topic: ['SNS::Topic'],
    Alarm: [
      'CloudWatch::Alarm',
      {
        AlarmName: 'late',
        AlarmActions: [{ Ref: 'Topic' }],
        Namespace: 'AWS/SQS',
        MetricName: 'm',
        Statistic: 'Maximum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanThreshold',
      },
    ],
  });
  expect(alarms[0]).toMatchObject({
    name: 'late',
    arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:late',
    alarmActions: ['arn:aws:sns:us-east-1:000000000000:Topic'],
    datapointsToAlarm: 1,
    treatMissing: 'missing',
  });
});
