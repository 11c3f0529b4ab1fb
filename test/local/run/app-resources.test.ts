/** A pipeline in an app that has streams, topics and buckets of its own: the local run has an ARN for each that a destination names. */
import { App, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { CfnDeliveryStream, DeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, expect, it } from '@jest/globals';
import { ENV } from '../../../contract/environment.ts';
import { Destination, EventPipeline } from '../../../lib/index.ts';
import { readStack } from '../../../local/run/stack.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { arn } from '../../../local/template/physical.ts';
import { minimal, removeDirectories, temporaryDirectory } from '../../lib/synth.ts';

afterAll(removeDirectories);

it('is what CloudFormation would answer, with the names that the app gives', async () => {
  process.env['CDK_VALIDATION'] = 'false';
  const app = new App({ outdir: temporaryDirectory(), analyticsReporting: false });
  const stack = new Stack(app, 'Shop');
  const lake = new CfnDeliveryStream(stack, 'Lake', { deliveryStreamName: 'lake' });
  new EventPipeline(stack, 'Events', {
    ...minimal,
    destinations: [
      { id: 'orders', ...Destination.queue(new Queue(stack, 'Orders', { queueName: 'orders' })) },
      { id: 'news', ...Destination.topic(new Topic(stack, 'News', { topicName: 'news' })) },
      { id: 'clicks', ...Destination.stream(new Stream(stack, 'Clicks', { streamName: 'clicks' })) },
      { id: 'company', ...Destination.bus(new EventBus(stack, 'Company', { eventBusName: 'company' })) },
      {
        id: 'lake',
        ...Destination.deliveryStream(DeliveryStream.fromDeliveryStreamArn(stack, 'LakeByArn', lake.attrArn)),
      },
      { id: 'files', ...Destination.bucket(new Bucket(stack, 'Files', { bucketName: 'files' })) },
    ],
  });
  app.synth();
  const { functions } = readStack(await readAssembly(app.outdir), 'http://127.0.0.1:9324');
  const named = functions.flatMap(({ environment }) => environment[ENV.destinationArn] ?? []);
  expect(named.sort()).toEqual(
    [
      arn('sqs', 'orders'),
      arn('sns', 'news'),
      arn('kinesis', 'stream/clicks'),
      arn('events', 'event-bus/company'),
      arn('firehose', 'deliverystream/lake'),
      'arn:aws:s3:::files',
    ].sort(),
  );
});
