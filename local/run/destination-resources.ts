/** Resources that destinations send to and that are not the pipeline's: a local run makes them, since they exist on AWS only. */
import { ENV } from '../../contract/environment.ts';
import type { FunctionSpec } from '../lambda/template.ts';
import type { QueueSpec } from '../sqs/template.ts';
import { lastPart } from '../template/physical.ts';

/** Names of the resources of a service that destinations name. */
const named = (
  functions: readonly Pick<FunctionSpec, 'environment'>[],
  service: string,
): readonly string[] => [
  ...new Set(
    functions.flatMap(({ environment }) => {
      const arn = environment[ENV.destinationArn] ?? '';
      return arn.split(':')[2] === service ? [lastPart(arn)] : [];
    }),
  ),
];

export const destinationStreams = (
  functions: readonly Pick<FunctionSpec, 'environment'>[],
): readonly string[] => named(functions, 'kinesis');

export const destinationTopics = (
  functions: readonly Pick<FunctionSpec, 'environment'>[],
): readonly string[] => named(functions, 'sns');

export const destinationDeliveryStreams = (
  functions: readonly Pick<FunctionSpec, 'environment'>[],
): readonly string[] => named(functions, 'firehose');

export const destinationBuckets = (
  functions: readonly Pick<FunctionSpec, 'environment'>[],
): readonly string[] => named(functions, 's3');

export const destinationFunctions = (
  functions: readonly Pick<FunctionSpec, 'environment'>[],
): readonly string[] => [
  ...new Set(
    functions.flatMap(({ environment }) => {
      const [, name] =
        /:lambda:[^:]*:[^:]*:function:([^:]+)/.exec(environment[ENV.destinationArn] ?? '') ?? [];
      return name === undefined ? [] : [name];
    }),
  ),
];

/** Queues as SQS makes them by default; those that have been made stay as they are. @param own of the pipeline */
export const destinationQueues = (
  functions: readonly Pick<FunctionSpec, 'environment'>[],
  own: readonly QueueSpec[],
): readonly QueueSpec[] =>
  named(functions, 'sqs')
    .filter((name) => own.every((queue) => queue.name !== name))
    .map((name) => ({ name, attributes: name.endsWith('.fifo') ? { FifoQueue: 'true' } : {} }));
