import { alignedList } from '../../config/aligned-list.ts';
import { afterAll, describe, expect, it } from '@jest/globals';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { FUNCTIONS, STAGES, arnOf, both, environment, getAtt, idOf, queueArn } from './example.ts';
import { removeDirectories, minimal, ofType, permissions, resource, synthesize } from './synth.ts';

afterAll(removeDirectories);

const STATE = arnOf('Tables/State');
const PARKING = arnOf('Tables/Parking');

describe('functions', () => {
  it.each(FUNCTIONS)('%s: Node 24 on arm64, source maps, logs of its own for a month', (place) => {
    const { Properties } = resource(both, `${place}/Function/Handler`);
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      LoggingConfig: { LogGroup: { Ref: idOf(`${place}/Function/Logs`) } },
    });
    expect(environment(both, place)).toMatchObject({ NODE_OPTIONS: '--enable-source-maps' });
    expect(resource(both, `${place}/Function/Logs`).Properties).toMatchObject({
      RetentionInDays: 30,
    });
  });

  it('are named and logged as the props say', () => {
    const synthesized = synthesize({ ...minimal, namePrefix: 'shop', logRetention: RetentionDays.ONE_WEEK });
    const names = (type: string, key: string) =>
      ofType(synthesized, type).map(([, { Properties }]) => Properties[key]);
    expect(names('AWS::Lambda::Function', 'FunctionName').sort()).toEqual([
      'shop-control',
      'shop-deliver-crm',
      'shop-ingest',
      'shop-router',
    ]);
    expect(names('AWS::SQS::Queue', 'QueueName').sort()).toEqual([
      'shop-events-dead-letters.fifo',
      'shop-events.fifo',
      'shop-to-crm-dead-letters.fifo',
      'shop-to-crm.fifo',
    ]);
    expect(names('AWS::DynamoDB::GlobalTable', 'TableName').sort()).toEqual(['shop-parking', 'shop-state']);
    expect(new Set(names('AWS::Logs::LogGroup', 'RetentionInDays'))).toEqual(new Set([7]));
  });
});

describe('permissions: each function may do what it does, to what it does it to', () => {
  const receive = [
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:ReceiveMessage',
  ];
  const logs = (place: string) => ({
    [arnOf(`${place}/Function/Logs`)]: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  });
  const tables = {
    [STATE]: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    [PARKING]: ['dynamodb:PutItem'],
  };
  const secret = (name: string): string =>
    JSON.stringify({
      'Fn::Join': [
        '',
        [
          'arn:',
          { Ref: 'AWS::Partition' },
          ':secretsmanager:',
          { Ref: 'AWS::Region' },
          ':',
          { Ref: 'AWS::AccountId' },
          `:secret:${name}-??????`,
        ],
      ],
    });

  it('ingest', () => {
    expect(permissions(both, 'Ingest')).toEqual({
      ...logs('Ingest'),
      [queueArn('Router')]: ['sqs:SendMessage'],
      [STATE]: ['dynamodb:GetItem'],
    });
  });

  it('router: not to a destination that is switched off', () => {
    expect(permissions(both, 'Router')).toEqual({
      ...logs('Router'),
      ...tables,
      [queueArn('Router')]: receive,
      [queueArn('Destination-crm')]: ['sqs:SendMessage'],
      [queueArn('Destination-a1')]: ['sqs:SendMessage'],
    });
  });

  it('deliver: reads the secrets that its destination names', () => {
    expect(permissions(both, 'Destination-crm')).toEqual({
      ...logs('Destination-crm'),
      ...tables,
      [queueArn('Destination-crm')]: receive,
      [secret('crm/token')]: ['secretsmanager:GetSecretValue'],
      [secret('crm/signing')]: ['secretsmanager:GetSecretValue'],
    });
    expect(permissions(both, 'Destination-a1')).toEqual({
      ...logs('Destination-a1'),
      ...tables,
      [queueArn('Destination-a1')]: receive,
    });
  });

  it('control: the mappings of this pipeline', () => {
    const mapping = (stage: string): string =>
      JSON.stringify({
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':lambda:',
            { Ref: 'AWS::Region' },
            ':',
            { Ref: 'AWS::AccountId' },
            ':event-source-mapping:',
            { Ref: idOf(`${stage}/Mapping`) },
          ],
        ],
      });
    const change = ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'];
    expect(permissions(both, 'Control')).toEqual({
      ...logs('Control'),
      [STATE]: ['dynamodb:BatchGetItem', 'dynamodb:GetItem'],
      ...Object.fromEntries(STAGES.map((stage) => [mapping(stage), change])),
    });
  });

  it('nobody may touch everything, and no managed policy is given to a function', () => {
    for (const [, { Properties }] of ofType(both, 'AWS::IAM::Policy')) {
      expect(JSON.stringify(Properties['PolicyDocument'])).not.toContain('*');
    }
    const roles = ofType(both, 'AWS::IAM::Role');
    const managed = roles.filter(([, { Properties }]) => 'ManagedPolicyArns' in Properties);
    // API Gateway's, which writes its access logs: a setting of the account, see `accountLogRole`.
    expect(managed.map(([id]) => id)).toEqual([idOf('Ingest/Api/CloudWatchRole')]);
  });
});

describe('what the functions are told', () => {
  const ref = (place: string) => ({ Ref: idOf(place) });
  const queue = (stage: string) => ref(`${stage}/Queue`);
  const state = { SLUICE_STATE_TABLE: ref('Tables/State') };
  const stageTables = { ...state, SLUICE_PARKING_TABLE: ref('Tables/Parking') };

  /** What is in front of a list: which ids it belongs to. */
  const alignedTo = (...ids: string[]): string => alignedList(ids, []);

  it('ingest', () => {
    expect(environment(both, 'Ingest')).toMatchObject({ SLUICE_EVENTS_QUEUE_URL: queue('Router'), ...state });
  });

  it('router: the names of the queues of destinations that take events, in order', () => {
    const name = (stage: string) => ({
      'Fn::GetAtt': [idOf(`${stage}/Queue`), 'QueueName'],
    });
    expect(environment(both, 'Router')).toMatchObject({
      SLUICE_STAGE_QUEUE_URL: queue('Router'),
      SLUICE_DESTINATION_QUEUE_NAMES: {
        'Fn::Join': ['', [alignedTo('crm', 'a1'), name('Destination-crm'), ',', name('Destination-a1')]],
      },
      ...stageTables,
    });
  });

  it('deliver', () => {
    expect(environment(both, 'Destination-a-1')).toMatchObject({
      SLUICE_STAGE_QUEUE_URL: queue('Destination-a-1'),
      ...stageTables,
    });
  });

  it('control: the ids of the mappings, of switched off destinations too', () => {
    const ids = STAGES.map((stage) => ref(`${stage}/Mapping`));
    expect(environment(both, 'Control')).toMatchObject({
      SLUICE_MAPPING_IDS: {
        'Fn::Join': [
          '',
          [alignedTo('router', 'crm', 'a-1', 'a1'), ids[0], ',', ids[1], ',', ids[2], ',', ids[3]],
        ],
      },
      ...state,
    });
  });
});

describe('control', () => {
  it('runs every minute, and is not tried again', () => {
    expect(resource(both, 'Control/Schedule').Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [
        {
          Arn: getAtt('Control/Function/Handler'),
          RetryPolicy: { MaximumRetryAttempts: 0 },
        },
      ],
    });
    both.template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: idOf('Control/Function/Handler') },
      MaximumRetryAttempts: 0,
    });
    expect(resource(both, 'Control/Function/Handler').Properties).toMatchObject({
      Timeout: 30,
    });
  });
});
