/** What the suite of the kinds needs of services that are not ours: resources that are made, and what has arrived in them. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { directCall, EVENTBRIDGE, FIREHOSE, KINESIS, type Call } from '../../lambdas/aws/direct-call.ts';
import { NOWHERE } from '../support/nowhere.ts';

const given = process.env['AWS_ENDPOINT_URL'];
if (given === undefined || given === NOWHERE)
  throw new Error(
    'AWS_ENDPOINT_URL: is missing; npm run emulate starts moto, and runs this suite against it',
  );
export const endpoint = given;

const sqs = new SQSClient({});
const sns = new SNSClient({});
const s3 = new S3Client({ forcePathStyle: true });
const service = (which: typeof KINESIS): Call => directCall(which, endpoint, Date.now);
const kinesis = service(KINESIS);
const firehose = service(FIREHOSE);
const events = service(EVENTBRIDGE);

const newName = (suffix = ''): string => `sluice-${randomUUID().slice(0, 8)}${suffix}`;

export interface Queue {
  readonly arn: string;
  readonly url: string;
  /** All that has arrived since it was asked last, in the order in which it is received. */
  readonly arrived: () => Promise<readonly Message[]>;
}

export interface QueueOptions {
  readonly fifo: boolean;
  /** Bytes of a message. */
  readonly most?: number;
}

export const newQueue = async ({ fifo, most }: QueueOptions): Promise<Queue> => {
  const Attributes = {
    ...(fifo ? { FifoQueue: 'true' } : {}),
    ...(most === undefined ? {} : { MaximumMessageSize: String(most) }),
  };
  const name = newName(fifo ? '.fifo' : '');
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
  const { QueueArn: arn = '' } = (await sqs.send(command)).Attributes ?? {};
  const arrived = async (): Promise<readonly Message[]> => {
    const all: Message[] = [];
    for (;;) {
      const receive = new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All'],
      });
      const { Messages = [] } = await sqs.send(receive);
      if (Messages.length === 0) return all;
      all.push(...Messages);
    }
  };
  return { arn, url, arrived };
};

/** With a queue that gets what is published. */
export const newTopic = async (options: {
  readonly fifo: boolean;
}): Promise<Pick<Queue, 'arn' | 'arrived'>> => {
  const Attributes = options.fifo ? { FifoTopic: 'true' } : {};
  const Name = newName(options.fifo ? '.fifo' : '');
  const { TopicArn: arn = '' } = await sns.send(new CreateTopicCommand({ Name, Attributes }));
  const { arn: Endpoint, arrived } = await newQueue(options);
  await sns.send(new SubscribeCommand({ TopicArn: arn, Protocol: 'sqs', Endpoint }));
  return { arn, arrived };
};

export interface KinesisRecord {
  readonly PartitionKey: string;
  readonly Data: string;
  readonly SequenceNumber: string;
}

export const newStream = async () => {
  const StreamName = newName();
  await kinesis('CreateStream', { StreamName, ShardCount: 2 });
  const { StreamDescription } = (await kinesis('DescribeStream', { StreamName })) as {
    StreamDescription: { StreamARN: string; Shards: readonly { ShardId: string }[] };
  };
  const { StreamARN: arn, Shards } = StreamDescription;
  /** By shard. */
  const arrived = (): Promise<readonly (readonly KinesisRecord[])[]> =>
    Promise.all(
      Shards.map(async ({ ShardId }) => {
        const from = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
        const { ShardIterator } = (await kinesis('GetShardIterator', from)) as { ShardIterator: string };
        return ((await kinesis('GetRecords', { ShardIterator })) as { Records: readonly KinesisRecord[] })
          .Records;
      }),
    );
  return { arn, arrived };
};

export interface StoredObject {
  readonly key: string;
  readonly type: string | undefined;
  readonly body: Uint8Array;
}

export const newBucket = async () => {
  const Bucket = newName();
  await s3.send(new CreateBucketCommand({ Bucket }));
  const arrived = async (): Promise<readonly StoredObject[]> => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    return Promise.all(
      Contents.map(async ({ Key = '' }) => {
        const { Body, ContentType } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        return {
          key: Key,
          type: ContentType,
          body: (await Body?.transformToByteArray()) ?? new Uint8Array(),
        };
      }),
    );
  };
  return { arn: `arn:aws:s3:::${Bucket}`, arrived };
};

/** With a bucket. */
export const newDeliveryStream = async () => {
  const { arn: BucketARN, arrived } = await newBucket();
  const { DeliveryStreamARN: arn } = (await firehose('CreateDeliveryStream', {
    DeliveryStreamName: newName(),
    ExtendedS3DestinationConfiguration: { BucketARN, RoleARN: 'arn:aws:iam::123456789012:role/any' },
  })) as { DeliveryStreamARN: string };
  return { arn, arrived };
};

/** With a rule that sends all that is put on it to a queue. */
export const newBus = async (source: string) => {
  const name = newName();
  const { EventBusArn: arn } = (await events('CreateEventBus', { Name: name })) as { EventBusArn: string };
  const queue = await newQueue({ fifo: false });
  const rule = { EventBusName: name, Rule: 'all' };
  const EventPattern = JSON.stringify({ source: [source] });
  await events('PutRule', { EventBusName: name, Name: 'all', EventPattern });
  await events('PutTargets', { ...rule, Targets: [{ Id: 'queue', Arn: queue.arn }] });
  return { arn, arrived: queue.arrived };
};

const moto = async (path: string, body: object): Promise<void> => {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${endpoint}/moto-api/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`moto answered ${answer.status} to ${path}`);
};

/** moto lets Lambda have a role that there is, and trusts it. The SDK's client of IAM is not needed for anything else. */
const newRole = async (): Promise<string> => {
  const RoleName = newName();
  const principal = {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [principal] });
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request' },
    body: new URLSearchParams({
      Action: 'CreateRole',
      Version: '2010-05-08',
      RoleName,
      AssumeRolePolicyDocument,
    }),
  });
  const arn = /<Arn>([^<]+)<\/Arn>/.exec(await answer.text())?.[1];
  if (arn === undefined) throw new Error(`moto made no role: it answered ${answer.status}`);
  return arn;
};

/** Stands between Lambda and its client, and keeps the bodies. */
const recorder = async () => {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      bodies.push(JSON.parse(body.toString()));
      const headers = { authorization: request.headers.authorization ?? '' };
      fetch(`${endpoint}${request.url ?? ''}`, { method: 'POST', headers, body }).then(
        async (answer) => {
          const type = answer.headers.get('x-amzn-errortype');
          response.writeHead(answer.status, type === null ? {} : { 'x-amzn-errortype': type });
          response.end(await answer.text());
        },
        (error: unknown) => response.destroy(error as Error),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, bodies, close: () => server.close() };
};

/** Of the two, the one without Docker runs nothing, and the other one knows whether a function is there. */
export const lambdaWithDocker = (isOn: boolean): Promise<void> =>
  moto('config', { lambda: { use_docker: isOn } });

/** A function that answers what it is told to. */
export const newFunction = async () => {
  await lambdaWithDocker(false);
  const { FunctionArn: arn = '' } = await new LambdaClient({}).send(
    new CreateFunctionCommand({
      FunctionName: newName(),
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: await newRole(),
      Code: { ZipFile: Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64') },
    }),
  );
  const { url, bodies, close } = await recorder();
  const willAnswer = (answer: object | null): Promise<void> =>
    moto('static/lambda-simple/response', { results: [JSON.stringify(answer)] });
  return { arn, url, arrived: bodies, willAnswer, close };
};
