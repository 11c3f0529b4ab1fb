/** Destinations that are resources of AWS, in the template: what their functions know of them, and may do. */
import { Key } from 'aws-cdk-lib/aws-kms';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ENV } from '../../contract/environment.ts';
import { Destination } from '../../lib/index.ts';
import { arnOfOwn, inApp } from './destination-template.ts';
import { bundle, environment } from './example.ts';
import { minimal, permissions, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

describe('kinesis', () => {
  it('by name: a stream of the pipeline’s account and region, to which the function may put records', () => {
    const example = synthesize({
      ...minimal,
      destinations: [{ id: 'clicks', type: 'kinesis', stream: 'clicks' }],
    });
    const arn = arnOfOwn('kinesis', 'stream/clicks');
    expect(environment(example, 'Destination-clicks')[ENV.destinationArn]).toEqual(arn);
    expect(bundle(example, 'Destination-clicks')).toMatchObject({
      destination: { id: 'clicks', type: 'kinesis', maxConcurrency: 10, enabled: true },
    });
    expect(permissions(example, 'Destination-clicks')).toMatchObject({
      [JSON.stringify(arn)]: ['kinesis:PutRecord'],
    });
  });

  it('of the app: Destination.stream names it, and grants its key', () => {
    const { statements, variables } = inApp((scope) => {
      const stream = new Stream(scope, 'Clicks', { encryptionKey: new Key(scope, 'Key') });
      return [{ id: 'clicks', ...Destination.stream(stream) }];
    });
    expect(variables).toEqual([{ 'Fn::GetAtt': [expect.stringMatching(/^Clicks/), 'Arn'] }]);
    expect(statements).toContainEqual(
      expect.objectContaining({ Action: 'kinesis:PutRecord', Resource: variables[0] }),
    );
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: 'kms:GenerateDataKey',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] },
      }),
    );
  });
});

describe('lambda', () => {
  it('by name: a function of the pipeline’s account and region, which the function may invoke', () => {
    const example = synthesize({
      ...minimal,
      destinations: [{ id: 'enrich', type: 'lambda', function: 'enrich', batch: 20 }],
    });
    const arn = arnOfOwn('lambda', 'function:enrich');
    expect(environment(example, 'Destination-enrich')[ENV.destinationArn]).toEqual(arn);
    expect(bundle(example, 'Destination-enrich')).toMatchObject({
      destination: { id: 'enrich', type: 'lambda', batch: 20, maxConcurrency: 10, enabled: true },
    });
    expect(permissions(example, 'Destination-enrich')).toMatchObject({
      [JSON.stringify(arn)]: ['lambda:InvokeFunction'],
    });
  });

  it('of the app: Destination.function names it', () => {
    const { statements, variables } = inApp((scope) => {
      const fn = new LambdaFunction(scope, 'Enrich', {
        code: Code.fromInline('exports.handler = async () => null;'),
        handler: 'index.handler',
        runtime: Runtime.NODEJS_LATEST,
      });
      return [{ id: 'enrich', ...Destination.function(fn) }];
    });
    expect(variables).toEqual([{ 'Fn::GetAtt': [expect.stringMatching(/^Enrich/), 'Arn'] }]);
    expect(statements).toContainEqual(
      expect.objectContaining({ Action: 'lambda:InvokeFunction', Resource: variables[0] }),
    );
  });
});

describe('eventbridge', () => {
  it('by name: a bus of the pipeline’s account and region, on which the function may put events', () => {
    const example = synthesize({
      ...minimal,
      destinations: [{ id: 'company', type: 'eventbridge', bus: 'company', source: 'shop' }],
    });
    const arn = arnOfOwn('events', 'event-bus/company');
    expect(environment(example, 'Destination-company')[ENV.destinationArn]).toEqual(arn);
    expect(bundle(example, 'Destination-company')).toMatchObject({
      destination: { id: 'company', type: 'eventbridge', source: 'shop', maxConcurrency: 10, enabled: true },
    });
    expect(permissions(example, 'Destination-company')).toMatchObject({
      [JSON.stringify(arn)]: ['events:PutEvents'],
    });
  });

  it('of the app: Destination.bus names it', () => {
    const { statements, variables } = inApp((scope) => {
      const company = new EventBus(scope, 'Company');
      return [{ id: 'company', ...Destination.bus(company) }];
    });
    expect(variables).toEqual([{ 'Fn::GetAtt': [expect.stringMatching(/^Company/), 'Arn'] }]);
    expect(statements).toContainEqual(
      expect.objectContaining({ Action: 'events:PutEvents', Resource: variables[0] }),
    );
  });
});

describe('firehose', () => {
  it('by name: a delivery stream of the pipeline’s account and region, to which the function may put records', () => {
    const example = synthesize({
      ...minimal,
      destinations: [{ id: 'lake', type: 'firehose', deliveryStream: 'lake' }],
    });
    const arn = arnOfOwn('firehose', 'deliverystream/lake');
    expect(environment(example, 'Destination-lake')[ENV.destinationArn]).toEqual(arn);
    expect(bundle(example, 'Destination-lake')).toMatchObject({
      destination: { id: 'lake', type: 'firehose', maxConcurrency: 10, enabled: true },
    });
    expect(permissions(example, 'Destination-lake')).toMatchObject({
      [JSON.stringify(arn)]: ['firehose:PutRecordBatch'],
    });
  });

  it('of the app: Destination.deliveryStream names it', () => {
    const deliveryStreamArn = 'arn:aws:firehose:eu-west-1:111111111111:deliverystream/lake';
    const { statements, variables } = inApp(() => [
      { id: 'lake', ...Destination.deliveryStream({ deliveryStreamArn }) },
    ]);
    expect(variables).toEqual([deliveryStreamArn]);
    expect(statements).toContainEqual(
      expect.objectContaining({ Action: 'firehose:PutRecordBatch', Resource: deliveryStreamArn }),
    );
  });
});

describe('s3', () => {
  it('by name: a bucket, under whose prefix the function may put objects', () => {
    const example = synthesize({
      ...minimal,
      destinations: [{ id: 'archive', type: 's3', bucket: 'archive', prefix: 'events/', batch: 50 }],
    });
    const of = (name: string) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:s3:::${name}`]] });
    expect(environment(example, 'Destination-archive')[ENV.destinationArn]).toEqual(of('archive'));
    expect(bundle(example, 'Destination-archive')).toMatchObject({
      destination: { id: 'archive', type: 's3', prefix: 'events/', batch: 50 },
    });
    expect(permissions(example, 'Destination-archive')).toMatchObject({
      [JSON.stringify(of('archive/events/*'))]: ['s3:PutObject'],
    });
  });

  it('of the app: Destination.bucket names it, and grants its key', () => {
    const { statements, variables } = inApp((scope) => {
      const bucket = new Bucket(scope, 'Archive', { encryptionKey: new Key(scope, 'Key') });
      return [{ id: 'archive', ...Destination.bucket(bucket) }];
    });
    expect(variables).toEqual([{ 'Fn::GetAtt': [expect.stringMatching(/^Archive/), 'Arn'] }]);
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: 's3:PutObject',
        Resource: { 'Fn::Join': ['', [variables[0], '/*']] },
      }),
    );
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: 'kms:GenerateDataKey',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] },
      }),
    );
  });
});
