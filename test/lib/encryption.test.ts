/** A key of the customer: what it encrypts, who may use it, and what stays without it. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { IConstruct } from 'constructs';
import { EventPipeline, type EventPipelineProps } from '../../lib/index.ts';
import { resolve } from '../../local/template/intrinsics.ts';
import { allows, type Statement } from '../support/iam/policy.ts';
import { minimal, removeDirectories, temporaryDirectory } from './synth.ts';

afterAll(removeDirectories);

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-0000-0000-000000000000';
const SECRETS_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-0000-0000-0000-000000000000';

const withSecret: EventPipelineProps = {
  ...minimal,
  destinations: [
    {
      id: 'crm',
      type: 'webhook',
      url: 'https://crm.example.com/hook',
      headers: { authorization: { secretName: 'crm/token' } },
    },
    { id: 'a1', type: 'webhook', url: 'https://a.example.com' },
  ],
};

const pipelineOf = (props: (stack: Stack) => Partial<EventPipelineProps>) => {
  const stack = new Stack(new App({ outdir: temporaryDirectory() }), 'Shop', {
    env: { account: '123456789012', region: 'eu-west-1' },
  });
  const pipeline = new EventPipeline(stack, 'Events', { ...withSecret, ...props(stack) });
  return { stack, pipeline, template: Template.fromStack(stack) };
};

const imported = pipelineOf(() => ({ encryptionKey: KEY, secretKeys: [SECRETS_KEY] }));
const own = pipelineOf((stack) => ({ encryptionKey: new Key(stack, 'Key') }));
const without = pipelineOf(() => ({}));

type Made = typeof imported;

const propertiesOf = ({ template }: Made, type: string): Record<string, unknown>[] =>
  Object.values(template.findResources(type)).map(
    ({ Properties = {} }) => Properties as Record<string, unknown>,
  );

/** What the role of the function may do with keys. */
const keyStatements = ({ pipeline, template }: Made, place: string): Statement[] => {
  const policy = `${place}/Function/Role/DefaultPolicy`
    .split('/')
    .reduce<IConstruct>((scope, id) => scope.node.findChild(id), pipeline).node.defaultChild;
  if (!(policy instanceof CfnResource)) throw new Error(`no policy at ${place}`);
  const id = Stack.of(pipeline).getLogicalId(policy);
  const document = template.toJSON() as {
    Resources: Record<string, { Properties: { PolicyDocument: { Statement: Statement[] } } }>;
  };
  return (document.Resources[id]?.Properties.PolicyDocument.Statement ?? []).filter(({ Action }) =>
    JSON.stringify(Action).includes('kms:'),
  );
};

const uses = (made: Made, place: string, action: string, service: string, key = KEY): boolean =>
  allows(keyStatements(made, place), {
    action,
    resource: key,
    context: { 'kms:ViaService': `${service}.eu-west-1.amazonaws.com` },
  });

describe('a key of the customer', () => {
  it('encrypts both tables, all topics and all logs, and no queue', () => {
    for (const { SSESpecification, Replicas } of propertiesOf(imported, 'AWS::DynamoDB::GlobalTable')) {
      expect(SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' });
      expect(Replicas).toEqual([expect.objectContaining({ SSESpecification: { KMSMasterKeyId: KEY } })]);
    }
    const topics = propertiesOf(imported, 'AWS::SNS::Topic');
    expect(topics.map(({ KmsMasterKeyId }) => KmsMasterKeyId)).toEqual([KEY, KEY, KEY]);
    const logs = propertiesOf(imported, 'AWS::Logs::LogGroup');
    expect(new Set(logs.map(({ KmsKeyId }) => KmsKeyId))).toEqual(new Set([KEY]));
    const queues = propertiesOf(imported, 'AWS::SQS::Queue');
    expect(new Set(queues.map(({ SqsManagedSseEnabled }) => SqsManagedSseEnabled))).toEqual(new Set([true]));
    expect(JSON.stringify(queues)).not.toContain(KEY);
  });

  it('without one nothing names a key', () => {
    expect(JSON.stringify(without.template.toJSON())).not.toMatch(/kms|KMS/);
  });

  it.each(['Router', 'Destination-crm', 'Control'])(
    '%s may use it for the tables and to publish',
    (place) => {
      for (const action of ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'])
        expect(uses(imported, place, action, 'dynamodb')).toBe(true);
      expect(uses(imported, place, 'kms:GenerateDataKey', 'sns')).toBe(true);
      expect(uses(imported, place, 'kms:Decrypt', 's3')).toBe(false);
      expect(uses(imported, place, 'kms:ScheduleKeyDeletion', 'dynamodb')).toBe(false);
    },
  );

  it('ingest may read with it, and accepts without it', () => {
    expect(uses(imported, 'Ingest', 'kms:Decrypt', 'dynamodb')).toBe(true);
    expect(uses(imported, 'Ingest', 'kms:Encrypt', 'dynamodb')).toBe(false);
    expect(uses(imported, 'Ingest', 'kms:GenerateDataKey', 'sns')).toBe(false);
  });

  it('secrets under a key of the customer: their functions may decrypt with it, by way of Secrets Manager', () => {
    expect(uses(imported, 'Destination-crm', 'kms:Decrypt', 'secretsmanager', SECRETS_KEY)).toBe(true);
    expect(uses(imported, 'Destination-crm', 'kms:Decrypt', 'dynamodb', SECRETS_KEY)).toBe(false);
    expect(uses(imported, 'Destination-a1', 'kms:Decrypt', 'secretsmanager', SECRETS_KEY)).toBe(false);
    expect(JSON.stringify(keyStatements(own, 'Destination-crm'))).not.toContain('secretsmanager');
  });

  const policyOf = ({ template }: Made): Statement[] => {
    const [key] = Object.values(template.findResources('AWS::KMS::Key'));
    const { Statement: statements } = (key?.['Properties'] as { KeyPolicy: { Statement: Statement[] } })
      .KeyPolicy;
    const pseudo = {
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::AccountId': '123456789012',
    };
    return resolve(statements, { physical: () => undefined, pseudo }) as Statement[];
  };

  it("lets the pipeline's alarms and CloudWatch Logs use it, and no other's", () => {
    const statements = policyOf(own);
    const alarm = (name: string, account = '123456789012'): boolean =>
      allows(
        statements,
        {
          action: 'kms:GenerateDataKey',
          resource: '*',
          context: {
            'aws:SourceAccount': account,
            'aws:SourceArn': `arn:aws:cloudwatch:eu-west-1:${account}:alarm:${name}`,
          },
        },
        'cloudwatch.amazonaws.com',
      );
    expect(alarm('Shop/Events: The router is degraded')).toBe(true);
    expect(alarm('Other: anything')).toBe(false);
    expect(alarm('Shop/Events: The router is degraded', '999999999999')).toBe(false);
    const logs = (account: string): boolean =>
      allows(
        statements,
        {
          action: 'kms:Encrypt',
          resource: '*',
          context: {
            'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:eu-west-1:${account}:log-group:Shop-Router`,
          },
        },
        'logs.eu-west-1.amazonaws.com',
      );
    expect([logs('123456789012'), logs('999999999999')]).toEqual([true, false]);
  });

  it('a key whose policy cannot be changed from here: a warning says what it must have', () => {
    Annotations.fromStack(imported.stack).hasWarning('*', Match.stringLikeRegexp('a-key-of-your-own'));
    Annotations.fromStack(own.stack).hasNoWarning('*', Match.stringLikeRegexp('encryptionKey'));
  });

  it.each(['alias/shop', 'arn:aws:kms:eu-west-1:123456789012:alias/shop', '*', `${KEY}*`])(
    'refuses %s, which is no key: it would become a pattern, or match nothing',
    (arn) => {
      expect(() => pipelineOf(() => ({ secretKeys: [arn] }))).toThrow(
        /secretKeys: .* is not the ARN of a key/,
      );
      expect(() => pipelineOf(() => ({ encryptionKey: arn }))).toThrow(
        /encryptionKey: .* is not the ARN of a key/,
      );
    },
  );
});
