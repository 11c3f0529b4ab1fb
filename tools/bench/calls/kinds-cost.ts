/** What one destination, the archive or a replay adds to a pipeline: its own calls and durations times the price file. */
import { invocationCost, logCostOf } from './cost.ts';
import type { CallCount, Counts } from './counts.ts';
import type { Prices } from './prices.ts';
import type { Billed } from './template.ts';

const MILLION = 1e6;
const GB = 2 ** 30;
const FIREHOSE_UNIT_GB = (5 * 1_024) / GB;

/** Dollars per million events, but `kept`. */
export interface KindRow {
  /** Its queue, its function, and what they write to DynamoDB and the log. */
  readonly stage: number;
  /** The calls of the service that it sends to, or what leaves AWS. */
  readonly service: number;
  /** Of the archive: what a million events cost for each month in which they are kept. */
  readonly kept?: number;
}

export interface CountedKind {
  /** As the configuration has it. */
  readonly id: string;
  readonly events: number;
  readonly counts: Counts;
  /** Bytes that were sent over the network, out of AWS. */
  readonly egressBytes?: number;
  /** Bytes of the files that were written. */
  readonly archivedBytes?: number;
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Logical ids of the template, and names of the construct's own making, have the destination's id in them. */
export const isOfStage = (id: string): ((name: string) => boolean) => {
  const pattern = new RegExp(`(Destination-?|to-)${id}(Function|Queue|-|\\.|$)`);
  return (name) => pattern.test(name);
};

/** The calls that a destination is made for; everything else is the stage's own. */
const isDelivery = ({ service, operation }: CallCount): boolean =>
  ['kinesis', 'firehose', 'eventbridge', 's3', 'sns'].includes(service) ||
  (service === 'lambda' && operation === 'Invoke') ||
  (service === 'sqs' && operation.startsWith('SendMessage'));

const priceOf = ({ service, operation, requests, bytes }: CallCount, prices: Prices): number => {
  switch (service) {
    case 'sqs':
      return requests * prices.sqsFifoRequest;
    case 'sns':
      return requests * prices.snsFifoMessage + (bytes / GB) * prices.snsFifoGb;
    case 'kinesis':
      return requests * prices.kinesisPutUnit;
    case 'firehose':
      return requests * FIREHOSE_UNIT_GB * prices.firehoseGb;
    case 'eventbridge':
      return requests * prices.eventBridgeEvent;
    case 'lambda':
      return requests * prices.lambdaRequest;
    case 's3':
      return requests * (operation === 'GetObject' ? prices.s3Get : prices.s3Put);
    default:
      return 0;
  }
};

const dynamoCost = (calls: readonly CallCount[], prices: Prices): number =>
  total(
    calls
      .filter(({ service }) => service === 'dynamodb')
      .map(({ reads, writes }) => reads * prices.dynamoReadUnit + writes * prices.dynamoWriteUnit),
  );

/** What the stage of a destination adds: what the router sends to it, and all that its function does. */
export const costOfKind = (counted: CountedKind, billed: Billed, prices: Prices): KindRow => {
  const { id, events, counts, egressBytes = 0, archivedBytes } = counted;
  const isOwn = isOfStage(id);
  const own = counts.calls.filter(({ functionName }) => isOwn(functionName));
  const functions = counts.functions.filter(({ name }) => isOwn(name));
  const toIt = counts.calls.filter(({ to = '', functionName }) => !isOwn(functionName) && isOwn(to));
  const deliveries = own.filter(isDelivery);
  // A mapping asks twice for each invocation: it receives, and it deletes.
  const polled = 2 * total(functions.map(({ invocations }) => invocations));
  const sqs =
    polled +
    total(toIt.map(({ requests }) => requests)) +
    total(own.filter((call) => call.service === 'sqs' && !isDelivery(call)).map(({ requests }) => requests));
  const each = MILLION / events;
  return {
    stage:
      (sqs * prices.sqsFifoRequest +
        dynamoCost(own, prices) +
        total(functions.map((one) => invocationCost(one, billed, prices))) +
        logCostOf(functions, billed, prices)) *
      each,
    service:
      (total(deliveries.map((call) => priceOf(call, prices))) + (egressBytes / GB) * prices.egressGb) * each,
    ...(archivedBytes === undefined ? {} : { kept: (archivedBytes / GB) * prices.s3GbMonth * each }),
  };
};

/** What a replay does: control reads the files and parks, and the destination's function drains, without its queue. */
export const costOfReplay = (counted: CountedKind, billed: Billed, prices: Prices): KindRow => {
  const { id, events, counts, egressBytes = 0 } = counted;
  const isOwn = isOfStage(id);
  const isPart = (name: string): boolean => isOwn(name) || name === billed.control;
  const calls = counts.calls.filter(({ functionName }) => isPart(functionName));
  const functions = counts.functions.filter(({ name }) => isPart(name));
  const sqs = total(calls.filter(({ service }) => service === 'sqs').map(({ requests }) => requests));
  const files = calls.filter(({ service }) => service === 's3');
  const each = MILLION / events;
  return {
    stage:
      (sqs * prices.sqsFifoRequest +
        dynamoCost(calls, prices) +
        total(functions.map((one) => invocationCost(one, billed, prices, 'each'))) +
        logCostOf(functions, billed, prices)) *
      each,
    service:
      (total(files.map((call) => priceOf(call, prices))) + (egressBytes / GB) * prices.egressGb) * each,
  };
};
