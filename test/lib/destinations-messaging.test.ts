/** Queues and topics as destinations, in the template: what their functions know of them, and may do. */
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ENV } from '../../contract/environment.ts';
import { Destination } from '../../lib/index.ts';
import { arnOfOwn, inApp } from './destination-template.ts';
import { bundle, environment } from './example.ts';
import { minimal, permissions, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

describe('sqs', () => {
  it('by name: a queue of the pipeline’s account and region, to which the function may send', () => {
    const example = synthesize({
      ...minimal,
      destinations: [{ id: 'orders', type: 'sqs', queue: 'orders.fifo', sources: ['web'] }],
    });
    expect(environment(example, 'Destination-orders')[ENV.destinationArn]).toEqual(
      arnOfOwn('sqs', 'orders.fifo'),
    );
    expect(bundle(example, 'Destination-orders')).toMatchObject({
      destination: {
        id: 'orders',
        type: 'sqs',
        sources: ['web'],
        maxConcurrency: 10,
        enabled: true,
        fifo: true,
      },
    });
    expect(permissions(example, 'Destination-orders')).toMatchObject({
      [JSON.stringify(arnOfOwn('sqs', 'orders.fifo'))]: ['sqs:SendMessage'],
    });
  });

  it('by ARN, with the key that encrypts it', () => {
    const queue = 'arn:aws:sqs:eu-west-1:111111111111:orders';
    const encryptionKey = 'arn:aws:kms:eu-west-1:111111111111:key/k';
    const example = synthesize({
      ...minimal,
      destinations: [{ id: 'orders', type: 'sqs', queue, encryptionKey }],
    });
    expect(environment(example, 'Destination-orders')[ENV.destinationArn]).toBe(queue);
    expect(bundle(example, 'Destination-orders')).toMatchObject({ destination: { fifo: false } });
    expect(permissions(example, 'Destination-orders')).toMatchObject({
      [JSON.stringify(queue)]: ['sqs:SendMessage'],
      [JSON.stringify(encryptionKey)]: ['kms:Decrypt', 'kms:GenerateDataKey'],
    });
  });

  it('of the app: Destination.queue names it, says whether it is FIFO, and grants its key', () => {
    const { statements, variables, stack } = inApp((scope) => {
      const encryptionMasterKey = new Key(scope, 'Key');
      const queue = new Queue(scope, 'Orders', { fifo: true, encryptionMasterKey });
      return [{ id: 'orders', ...Destination.queue(queue) }];
    });
    const idOf = (prefix: string): string =>
      Object.keys(Template.fromStack(stack).toJSON()['Resources'] as object).find((id) =>
        id.startsWith(prefix),
      ) ?? '';
    const queueArn = { 'Fn::GetAtt': [idOf('Orders'), 'Arn'] };
    expect(variables).toEqual([queueArn]);
    expect(statements).toContainEqual(
      expect.objectContaining({ Action: 'sqs:SendMessage', Resource: queueArn }),
    );
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: { 'Fn::GetAtt': [idOf('Key'), 'Arn'] },
      }),
    );
  });
});

describe('sns', () => {
  it('by name: a topic of the pipeline’s account and region, to which the function may publish', () => {
    const example = synthesize({
      ...minimal,
      destinations: [{ id: 'orders', type: 'sns', topic: 'orders.fifo' }],
    });
    const arn = arnOfOwn('sns', 'orders.fifo');
    expect(environment(example, 'Destination-orders')[ENV.destinationArn]).toEqual(arn);
    expect(bundle(example, 'Destination-orders')).toMatchObject({
      destination: { id: 'orders', type: 'sns', maxConcurrency: 10, enabled: true, fifo: true },
    });
    expect(permissions(example, 'Destination-orders')).toMatchObject({
      [JSON.stringify(arn)]: ['sns:Publish'],
    });
  });

  it('of the app: Destination.topic names it, says whether it is FIFO, and grants its key', () => {
    const { statements, variables } = inApp((scope) => {
      const topic = new Topic(scope, 'Orders', { fifo: true, masterKey: new Key(scope, 'Key') });
      return [{ id: 'orders', ...Destination.topic(topic) }];
    });
    expect(variables).toEqual([{ Ref: expect.stringMatching(/^Orders/) }]);
    expect(statements).toContainEqual(
      expect.objectContaining({ Action: 'sns:Publish', Resource: variables[0] }),
    );
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] },
      }),
    );
  });
});
