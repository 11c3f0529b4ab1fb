import { afterAll, describe, expect, it } from '@jest/globals';
import { STAGES, arnOf, both, getAtt, idOf, queueArn } from './example.ts';
import { ofType, ownArn, permissions, removeDirectories, type Statement } from './synth.ts';

afterAll(removeDirectories);

const STATE = arnOf('Tables/State');
const PARKING = arnOf('Tables/Parking');

describe('permissions: each function has only those that it uses, on the resources that it uses', () => {
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
    [PARKING]: [
      'dynamodb:BatchGetItem',
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      // Of parked messages, and of rejected events.
      'dynamodb:PutItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ],
    [JSON.stringify({ 'Fn::Join': ['', [getAtt('Tables/Parking'), '/index/heads']] })]: ['dynamodb:Query'],
  };
  const flips = { [JSON.stringify({ Ref: idOf('Flips/Topic') })]: ['sns:Publish'] };
  const own = (stage: string) => ({
    ...logs(stage),
    ...tables,
    ...flips,
    [queueArn(stage)]: receive,
    [arnOf(`${stage}/DeadLetterQueue`)]: receive,
    // Of these only itself: the statement has a condition.
    [arn('lambda', ':function:*')]: ['lambda:InvokeFunction'],
  });
  const arn = (service: string, ...rest: unknown[]): string => JSON.stringify(ownArn(service, ...rest));
  const secret = (name: string): string => arn('secretsmanager', `:secret:${name}-??????`);

  it('ingest', () => {
    expect(permissions(both, 'Ingest')).toEqual({
      ...logs('Ingest'),
      [queueArn('Router')]: ['sqs:SendMessage'],
      [STATE]: ['dynamodb:GetItem'],
    });
  });

  it('router: not to a disabled destination', () => {
    expect(permissions(both, 'Router')).toEqual({
      ...own('Router'),
      [queueArn('Destination-crm')]: ['sqs:SendMessage'],
      [queueArn('Destination-a1')]: ['sqs:SendMessage'],
    });
  });

  it('deliver: reads the secrets that its destination names', () => {
    expect(permissions(both, 'Destination-crm')).toEqual({
      ...own('Destination-crm'),
      [secret('crm/token')]: ['secretsmanager:GetSecretValue'],
      [secret('crm/signing')]: ['secretsmanager:GetSecretValue'],
    });
    expect(permissions(both, 'Destination-a1')).toEqual(own('Destination-a1'));
  });

  const ANY_QUEUE = arn('sqs', ':*');
  // Alarms of removed destinations, which the template no longer knows, still begin with the pipeline's name.
  const ALARMS = arn('cloudwatch', ':alarm:Sluice/Pipeline:*');

  it("control: the pipeline's tables, mappings, functions, queues and metrics", () => {
    const mapping = (stage: string) =>
      arn('lambda', ':event-source-mapping:', { Ref: idOf(`${stage}/Mapping`) });
    const change = ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'];
    expect(permissions(both, 'Control')).toEqual({
      ...logs('Control'),
      ...tables,
      // Of modes, of seen ids that an operator erases, and of the list of those whom a replay leaves out.
      [STATE]: [...(tables[STATE] ?? []), 'dynamodb:PutItem', 'dynamodb:PutItem', 'dynamodb:Query'].sort(),
      [PARKING]: [
        'dynamodb:DeleteItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
      ],
      ...flips,
      ...Object.fromEntries(
        STAGES.flatMap((stage) => [
          [mapping(stage), change],
          [arnOf(`${stage}/Function/Handler`), ['lambda:InvokeFunction']],
          [queueArn(stage), ['sqs:SendMessage']],
        ]),
      ),
      [ANY_QUEUE]: ['sqs:GetQueueAttributes'],
      [ALARMS]: [
        'cloudwatch:DisableAlarmActions',
        'cloudwatch:EnableAlarmActions',
        'cloudwatch:SetAlarmState',
      ],
      '"*"': ['cloudwatch:DescribeAlarms', 'cloudwatch:PutMetricData'],
    });
  });

  it('a wildcard is allowed only where another condition limits it, and no function has a managed policy', () => {
    const statements = ofType(both, 'AWS::IAM::Policy').flatMap(
      ([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement,
    );
    const wide = statements.filter(({ Action, Resource }) =>
      JSON.stringify([Action, Resource]).includes('*'),
    );
    const itself = wide.filter(({ Action }) => Action === 'lambda:InvokeFunction');
    expect(itself.map(({ Condition }) => Condition)).toEqual(
      ['crm', 'a-1', 'a1', 'router'].map((stage) => ({
        StringEquals: { 'aws:ResourceTag/sluice:function': `Sluice/Pipeline/${stage}` },
      })),
    );
    expect(wide.filter(({ Action }) => Action !== 'lambda:InvokeFunction')).toEqual([
      {
        Effect: 'Allow',
        Action: 'sqs:GetQueueAttributes',
        Resource: JSON.parse(ANY_QUEUE) as unknown,
        // Queues of removed destinations are no longer in the template, but still have the tag.
        Condition: { StringEquals: { 'aws:ResourceTag/sluice:pipeline': 'Sluice/Pipeline' } },
      },
      {
        Effect: 'Allow',
        Action: 'cloudwatch:PutMetricData',
        Resource: '*',
        Condition: { StringEquals: { 'cloudwatch:namespace': 'Sluice' } },
      },
      {
        Effect: 'Allow',
        Action: [
          'cloudwatch:DisableAlarmActions',
          'cloudwatch:EnableAlarmActions',
          'cloudwatch:SetAlarmState',
        ],
        Resource: JSON.parse(ALARMS) as unknown,
      },
      { Effect: 'Allow', Action: 'cloudwatch:DescribeAlarms', Resource: '*' },
    ]);
    const roles = ofType(both, 'AWS::IAM::Role');
    const managed = roles.filter(([, { Properties }]) => 'ManagedPolicyArns' in Properties);
    // API Gateway's, which writes its access logs: a setting of the account, see `accountLogRole`.
    expect(managed.map(([id]) => id)).toEqual([idOf('Ingest/Api/CloudWatchRole')]);
  });
});
