/** The template in the local run's terms: what there is of each kind, references resolved. */
import { readApi, type ApiSpec } from '../api-gateway/template.ts';
import type { AlarmSpec } from '../cloudwatch/alarm-spec.ts';
import { readAlarms } from '../cloudwatch/template.ts';
import { readTables, type TableSpec } from '../dynamodb/template.ts';
import { readDeliveryStreams } from '../firehose/template.ts';
import type { StreamSpec } from '../firehose/service.ts';
import { readSchedules, type ScheduleSpec } from '../events/template.ts';
import { readFunctions, readMappings, type FunctionSpec, type MappingSpec } from '../lambda/template.ts';
import { readSubscriptions, readTopics, type SubscriptionSpec, type TopicSpec } from '../sns/template.ts';
import { readQueues, type QueueSpec } from '../sqs/template.ts';
import {
  destinationBuckets,
  destinationDeliveryStreams,
  destinationFunctions,
  destinationQueues,
  destinationStreams,
  destinationTopics,
} from './destination-resources.ts';
import type { Assembly } from '../template/assembly.ts';
import { functionName, resolveTemplate } from '../template/physical.ts';

/** The stack's output that names the function which takes the operator's requests. */
const CONTROL_OUTPUT = 'ControlFunction';

export interface Stack {
  readonly queues: readonly QueueSpec[];
  readonly tables: readonly TableSpec[];
  readonly functions: readonly FunctionSpec[];
  readonly mappings: readonly MappingSpec[];
  readonly api: ApiSpec;
  readonly schedules: readonly ScheduleSpec[];
  readonly topics: readonly TopicSpec[];
  readonly subscriptions: readonly SubscriptionSpec[];
  readonly alarms: readonly AlarmSpec[];
  /** Streams of Firehose, which write to buckets. */
  readonly deliveryStreams: readonly StreamSpec[];
  /** Names of the streams that destinations send to. */
  readonly streams: readonly string[];
  /** Names of the delivery streams of Firehose that destinations put records to. */
  readonly destinationStreams: readonly string[];
  /** Names of the buckets that destinations put objects to. */
  readonly buckets: readonly string[];
  /** Names of the topics that destinations publish to. */
  readonly destinationTopics: readonly string[];
  /** Names of the functions that destinations invoke, and that are not the pipeline's. */
  readonly standIns: readonly string[];
  /** The function that takes the operator's requests. */
  readonly controlFunction: string | undefined;
}

/**
 * @param queuesUrl where SQS listens, without a path
 * @throws Error that names what of the template the local run does not know
 */
export const readStack = (assembly: Assembly, queuesUrl: string): Stack => {
  const template = resolveTemplate(assembly, queuesUrl);
  const own = readQueues(template);
  const functions = readFunctions(template);
  const queues = [...own, ...destinationQueues(functions, own)];
  const schedules = readSchedules(template);
  const control = template.output(CONTROL_OUTPUT);
  return {
    queues,
    tables: readTables(template),
    functions,
    mappings: readMappings(template, queues),
    api: readApi(template),
    schedules,
    topics: readTopics(template),
    subscriptions: readSubscriptions(template),
    alarms: readAlarms(template),
    deliveryStreams: readDeliveryStreams(template),
    streams: destinationStreams(functions),
    destinationStreams: destinationDeliveryStreams(functions),
    buckets: destinationBuckets(functions),
    destinationTopics: destinationTopics(functions),
    standIns: destinationFunctions(functions),
    controlFunction: typeof control === 'string' ? functionName(control) : schedules[0]?.functionName,
  };
};
