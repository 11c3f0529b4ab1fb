import { afterAll, describe, expect, it } from '@jest/globals';
import { RemovalPolicy } from 'aws-cdk-lib';
import { STAGES, both, getAtt, idOf } from './example.ts';
import { removeDirectories, minimal, ofType, resource, synthesize, type Synthesized } from './synth.ts';

afterAll(removeDirectories);

describe('queues', () => {
  const fifo = {
    FifoQueue: true,
    FifoThroughputLimit: 'perMessageGroupId',
    DeduplicationScope: 'messageGroup',
    SqsManagedSseEnabled: true,
    MessageRetentionPeriod: 14 * 24 * 3600,
  };

  /** By which control may count a removed destination's messages. */
  const tag = { Key: 'sluice:pipeline', Value: 'Sluice/Pipeline' };

  it.each(STAGES)('%s: high throughput, encrypted by SQS, 14 days, with a dead-letter queue', (stage) => {
    const visibility = stage === 'Router' ? 180 : 360;
    expect(resource(both, `${stage}/Queue`).Properties).toEqual({
      ...fifo,
      VisibilityTimeout: visibility,
      Tags: [tag],
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [idOf(`${stage}/DeadLetterQueue`), 'Arn'] },
        maxReceiveCount: 1000,
      },
    });
    expect(resource(both, `${stage}/DeadLetterQueue`).Properties).toEqual({
      ...fifo,
      VisibilityTimeout: visibility,
      Tags: [tag],
    });
  });

  it('refuse what does not come over TLS', () => {
    const queues = ofType(both, 'AWS::SQS::Queue').map(([Ref]) => ({ Ref }));
    const policies = ofType(both, 'AWS::SQS::QueuePolicy').map(([, { Properties }]) => Properties);
    expect(policies.flatMap((policy) => policy['Queues'])).toEqual(queues);
    for (const policy of policies) {
      expect(policy).toHaveProperty('PolicyDocument.Statement', [
        expect.objectContaining({
          Effect: 'Deny',
          Action: 'sqs:*',
          Principal: { AWS: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      ]);
    }
  });

  it('hide a message for at least 6 times the timeout, whole seconds', () => {
    const synthesized = synthesize({
      ...minimal,
      timing: {
        routerTimeout: '1500ms',
        routerVisibility: '9s',
        deliverTimeout: '2s',
        deliverVisibility: '20s',
        requestTimeout: '1s',
      },
    });
    expect(resource(synthesized, 'Router/Function/Handler').Properties).toMatchObject({ Timeout: 2 });
    expect(resource(synthesized, 'Router/Queue').Properties).toMatchObject({
      VisibilityTimeout: 12,
    });
    expect(resource(synthesized, 'Destination-crm/Queue').Properties).toMatchObject({
      VisibilityTimeout: 20,
    });
  });
});

describe('event source mappings', () => {
  it.each([
    ['Router', 33],
    ['Destination-crm', 7],
    ['Destination-a-1', 10],
  ])(
    '%s: batches of 10, partial failures, a maximum concurrency; control alone enables it',
    (stage, concurrency) => {
      expect(resource(both, `${stage}/Mapping`).Properties).toEqual({
        BatchSize: 10,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: concurrency },
        EventSourceArn: getAtt(`${stage}/Queue`),
        FunctionName: { Ref: idOf(`${stage}/Function/Handler`) },
      });
    },
  );

  it.each(STAGES)('%s: takes in its dead letters, few at a time, and always', (stage) => {
    expect(resource(both, `${stage}/DeadLetterMapping`).Properties).toEqual({
      BatchSize: 10,
      Enabled: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
      EventSourceArn: getAtt(`${stage}/DeadLetterQueue`),
      FunctionName: { Ref: idOf(`${stage}/Function/Handler`) },
    });
  });
});

describe('tables', () => {
  const replica = {
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  };
  const keys = {
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  };

  it('state: on demand, recoverable, protected, with an expiry', () => {
    expect(resource(both, 'Tables/State').Properties).toMatchObject({
      ...keys,
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      Replicas: [replica],
    });
  });

  it('parking: the same, without an expiry, and with the index of heads', () => {
    const { Properties } = resource(both, 'Tables/Parking');
    expect(Properties).toMatchObject({
      ...keys,
      Replicas: [replica],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'heads',
          KeySchema: [
            { AttributeName: 'indexShard', KeyType: 'HASH' },
            { AttributeName: 'nextAttemptAt', KeyType: 'RANGE' },
          ],
          Projection: {
            ProjectionType: 'INCLUDE',
            NonKeyAttributes: ['key', 'failures', 'reason', 'parkedAt', 'triedEpoch'],
          },
        },
      ],
    });
    expect(Properties).not.toHaveProperty('TimeToLiveSpecification');
  });
});

describe('what holds data', () => {
  const data = (synthesized: Synthesized) => [
    ...ofType(synthesized, 'AWS::SQS::Queue'),
    ...ofType(synthesized, 'AWS::DynamoDB::GlobalTable'),
  ];

  it('is retained, on removal and on replacement; but not when the stack cannot be made', () => {
    expect(data(both)).toHaveLength(2 * STAGES.length + 2);
    for (const [, one] of data(both)) {
      expect(one).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    }
  });

  it('goes with the stack when that is asked for', () => {
    const synthesized = synthesize({ ...minimal, removalPolicy: RemovalPolicy.DESTROY });
    for (const [, one] of data(synthesized)) {
      expect(one).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    }
    expect(resource(synthesized, 'Tables/State').Properties).toMatchObject({
      Replicas: [{ DeletionProtectionEnabled: false }],
    });
  });
});
