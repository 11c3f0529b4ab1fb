/** A key of the customer: what AWS's services and the pipeline's functions need of it. */
import { Annotations, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { PipelineSettings } from './context.ts';
import type { SluiceFunction } from './function.ts';

/** Spelled out: an action with `*` is more than it takes. */
const READ = ['kms:Decrypt', 'kms:DescribeKey'];
const READ_WRITE = [
  ...READ,
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
const PUBLISH = ['kms:Decrypt', 'kms:GenerateDataKey'];

const USES = { read: READ, readWrite: READ_WRITE, publish: PUBLISH } as const;

type KeyedService = 'dynamodb' | 'sns';

/** Lets a function use the pipeline's key through a service, and in no other way. Without a key nothing is needed. */
export const allowKey = (
  fn: SluiceFunction,
  key: IKey | undefined,
  service: KeyedService,
  use: keyof typeof USES,
): void => {
  if (key === undefined) return;
  fn.allow(USES[use], [key.keyArn], viaService(fn, service));
};

/** Of a request that a service makes for the caller. */
export const viaService = (scope: Construct, service: KeyedService | 'secretsmanager') => ({
  StringEquals: { 'kms:ViaService': `${service}.${Stack.of(scope).region}.amazonaws.com` },
});

/**
 * Lets CloudWatch's alarms publish to encrypted topics, and CloudWatch Logs encrypt: they use the key in their own name, so that the key's
 * policy has to say so. (Functions, and DynamoDB for them, use it in the function's name.) The policy of an imported key cannot be changed
 * from here: a warning says what it must have.
 */
export const allowServices = (scope: Construct, { encryptionKey, pipeline }: PipelineSettings): void => {
  if (encryptionKey === undefined) return;
  const { partition, region, account, urlSuffix } = Stack.of(scope);
  const arn = (service: string, rest: string): string =>
    `arn:${partition}:${service}:${region}:${account}:${rest}`;
  const added = [
    new PolicyStatement({
      sid: 'AlarmsOfThePipeline',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: PUBLISH,
      resources: ['*'],
      conditions: {
        StringEquals: { 'aws:SourceAccount': account },
        ArnLike: { 'aws:SourceArn': arn('cloudwatch', `alarm:${pipeline}:*`) },
      },
    }),
    new PolicyStatement({
      sid: 'LogsOfThisAccount',
      principals: [new ServicePrincipal(`logs.${region}.${urlSuffix}`)],
      actions: READ_WRITE,
      resources: ['*'],
      // The groups' names are made while they are created, which needs the policy.
      conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': arn('logs', 'log-group:*') } },
    }),
  ].map((statement) => encryptionKey.addToResourcePolicy(statement).statementAdded);
  if (added.every(Boolean)) return;
  Annotations.of(scope).addWarningV2(
    'sluice:key-policy',
    'encryptionKey is a key of another stack: its policy must let cloudwatch.amazonaws.com and CloudWatch Logs use it, ' +
      'or no alarm is heard and no log group can be created; docs/operating.md#a-key-of-your-own has the statements',
  );
};
