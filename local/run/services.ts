/** The services of the local cloud, connected with each other: what does not depend on a template. */
import { join } from 'node:path';
import { startAwsApi } from './aws-api.ts';
import { newCredentials, type Credentials } from '../common/access.ts';
import { Alarms } from '../cloudwatch/service.ts';
import { readEmf } from '../cloudwatch/emf.ts';
import { MetricStore } from '../cloudwatch/metric-store.ts';
import { NativeMetrics } from '../cloudwatch/native-metrics.ts';
import { startDynamoDb, type DynamoDb } from '../dynamodb/service.ts';
import { Functions } from '../lambda/service.ts';
import type { Listening } from '../common/http.ts';
import { AsyncInvoker } from '../lambda/async-invoker.ts';
import { killLeftovers } from '../lambda/children.ts';
import { queueSource } from '../lambda/queue-source.ts';
import { FirehoseService } from '../firehose/service.ts';
import { S3Service } from '../s3/service.ts';
import { KinesisService } from '../kinesis/service.ts';
import { StandIns } from '../lambda/stand-ins.ts';
import { buildRuntime } from '../lambda/runtime-bundle.ts';
import { clearTmp } from '../lambda/tmp-dirs.ts';
import { Mappings } from '../lambda/mappings.ts';
import type { Settings } from '../common/settings.ts';
import { SnsService } from '../sns/service.ts';
import { DestinationTopics } from '../sns/topics.ts';
import { LibsqlStore } from '../sqs/libsql-store.ts';
import { startSqsServer, type SqsServer } from '../sqs/api.ts';
import { SqsService } from '../sqs/service.ts';

export interface CloudOptions {
  readonly settings: Settings;
  /** Takes what the user should see. */
  readonly onTrouble: (source: string, line: string) => void;
}

export interface Services {
  /** Of this run alone: a caller of the services has to have them. */
  readonly credentials: Credentials;
  readonly sqs: SqsService;
  readonly sqsServer: SqsServer;
  readonly dynamo: DynamoDb;
  readonly awsApi: Listening;
  readonly functions: Functions;
  readonly async: AsyncInvoker;
  readonly mappings: Mappings;
  readonly sns: SnsService;
  readonly kinesis: KinesisService;
  readonly firehose: FirehoseService;
  readonly standIns: StandIns;
  readonly topics: DestinationTopics;
  readonly destinations: DestinationNames;
  readonly metrics: MetricStore;
  readonly native: NativeMetrics;
  readonly alarms: Alarms;
}

/** Names of resources that destinations send to, and that are files alone here. A deployment replaces them. */
export interface DestinationNames {
  deliveryStreams: ReadonlySet<string>;
  buckets: ReadonlySet<string>;
}

/** The caller owns the data directory's lock. */
export const startServices = async ({ onTrouble, settings }: CloudOptions): Promise<Services> => {
  const { dataDir, concurrency, controlInterval } = settings;
  const childrenDir = join(dataDir, 'children');
  // Before anything reads the queues: a function of a killed run may still be at work on a message.
  await killLeftovers(childrenDir);
  const tmpDir = join(dataDir, 'tmp');
  await clearTmp(tmpDir);
  const sqs = new SqsService({ store: new LibsqlStore(join(dataDir, 'queues.sqlite')) });
  // The functions that had messages in flight are gone; waiting for their visibility timeouts would help nobody.
  await sqs.releaseInFlight();
  const credentials = newCredentials();
  const sqsServer = await startSqsServer({ service: sqs, credentials });
  const dynamo = await startDynamoDb(dataDir, credentials);
  const kinesis = new KinesisService(dataDir);
  const s3 = new S3Service(dataDir);
  const firehose = new FirehoseService(dataDir, s3, (line) => onTrouble('firehose', line));
  const standIns = new StandIns(dataDir);
  const topics = new DestinationTopics(dataDir);
  const destinations: DestinationNames = { deliveryStreams: new Set(), buckets: new Set() };
  const metrics = new MetricStore();
  const native = new NativeMetrics(metrics);
  // Functions call it, and it calls functions: what it needs of them is there before the first call.
  const awsApi = await startAwsApi({
    dataDir,
    credentials,
    mapping: (id) => mappings.view(id),
    updateMapping: (id, change) => mappings.update(id, change),
    hasFunction: (name, qualifier) => functions.has(name, qualifier) || standIns.has(name),
    invoke: (name, payload, options) =>
      standIns.has(name) ? standIns.invoke(name, payload) : functions.invoke(name, payload, options),
    invokeLater: (name, payload, qualifier) => void async.invoke(name, payload, qualifier),
    publish: (publication) => sns.publish(publication),
    putMetric: (datum) => metrics.put(datum),
    kinesis,
    topics,
    deliveryStreams: () => destinations.deliveryStreams,
    buckets: () => destinations.buckets,
    firehose,
    s3,
  });
  const functions = new Functions({
    dataDir,
    runtime: await buildRuntime(dataDir),
    childrenDir,
    tmpDir,
    endpoints: { sqs: sqsServer.url, dynamodb: dynamo.url, api: awsApi.url },
    credentials,
    concurrency,
    controlInterval,
    onTrouble,
    onLine: (name, line) => {
      try {
        for (const datum of readEmf(line)) metrics.put(datum);
      } catch (error) {
        onTrouble(name, String(error));
      }
    },
    onInvoked: (name, result, ms) => native.invoked(name, result, ms),
  });
  const async = new AsyncInvoker({
    invoke: (name, payload, options) => functions.invoke(name, payload, options),
    settings: (name, qualifier) => functions.asyncSettings(name, qualifier),
    onTrouble,
  });
  const mappings = new Mappings({
    source: (queueName) => queueSource(sqs, queueName),
    target: (name) => functions.target(name),
    concurrency,
    onTrouble,
  });
  const sns = new SnsService({
    dataDir,
    invoke: (name, event) => async.invoke(name, event),
    send: (queue, entry) => sqs.send(queue, entry),
    onOutcome: (topicName, delivered) => native.notified(topicName, delivered),
    onTrouble: (line) => onTrouble('sns', line),
  });
  const alarms = new Alarms({
    store: metrics,
    file: join(dataDir, 'alarms.json'),
    publish: async (notification) => {
      await sns.publish(notification);
    },
    onTrouble: (line) => onTrouble('cloudwatch', line),
  });
  const parts = {
    credentials,
    sqs,
    sqsServer,
    dynamo,
    awsApi,
    functions,
    async,
    mappings,
    sns,
    kinesis,
    firehose,
    standIns,
    topics,
    destinations,
  };
  return { ...parts, metrics, native, alarms };
};
