/** Counted calls and durations times the price file. */
import type { Counts, FunctionCount } from './counts.ts';
import { usualDuration } from './counts.ts';
import type { Prices } from './prices.ts';
import { LOG_EVENT_BYTES, type Billed } from './template.ts';

export interface CostRow {
  readonly name: string;
  /** How many there are of what is paid by the piece. */
  readonly count?: number;
  /** Dollars per million events, or a month. */
  readonly usd: number;
}

/** What a load sent, and what it caused. */
export interface Counted {
  readonly events: number;
  /** Of the API. */
  readonly requests: number;
  readonly counts: Counts;
  /** Bytes that were sent to the destinations, headers included, without TLS. */
  readonly egressBytes: number;
}

const MILLION = 1e6;
const GB = 2 ** 30;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** An invocation's START, END and REPORT, with what CloudWatch adds to each. */
const PLATFORM_LOG_BYTES = 88 + 56 + 190 + 3 * LOG_EVENT_BYTES;
/** CloudWatch stores logs compressed, as its price list has it. */
const STORED_PART = 0.15;
/** An answer's status line and headers, as API Gateway writes them, and its body. */
const ANSWER_BYTES = 500;

const memoryGb = ({ functions }: Billed, name: string): number =>
  (functions.find((one) => one.name === name)?.memoryMb ?? 0) / 1_024;

/** All invocations as long as the usual one: a machine that does other work as well makes some of them much longer. */
const gbSeconds = (billed: Billed, one: FunctionCount): number =>
  (one.invocations * Math.ceil(usualDuration(one)) * memoryGb(billed, one.name)) / 1_000;

const logBytes = (functions: readonly FunctionCount[], { logsSuccesses }: Billed): number =>
  total(
    functions.map(
      (one) =>
        one.logBytes +
        one.logLines * LOG_EVENT_BYTES +
        (logsSuccesses ? one.invocations * PLATFORM_LOG_BYTES : 0),
    ),
  );

const logCost = (bytes: number, { logRetentionDays }: Billed, prices: Prices): number =>
  (bytes / GB) * (prices.logIngestedGb + STORED_PART * (logRetentionDays / 30) * prices.logStoredGbMonth);

/**
 * Requests and GB-seconds of a function.
 * @param durations `each`: as long as each of them was, where they differ for good reasons
 */
export const invocationCost = (
  one: FunctionCount,
  billed: Billed,
  prices: Prices,
  durations: 'usual' | 'each' = 'usual',
): number => {
  const seconds =
    durations === 'usual'
      ? gbSeconds(billed, one)
      : (total(one.durations.map(Math.ceil)) * memoryGb(billed, one.name)) / 1_000;
  return one.invocations * prices.lambdaRequest + seconds * prices.lambdaGbSecond;
};

export const logCostOf = (functions: readonly FunctionCount[], billed: Billed, prices: Prices): number =>
  logCost(logBytes(functions, billed), billed, prices);

/** Of everything but control, which runs by the minute whatever is sent. */
const ofEvents = ({ counts }: Counted, { control }: Billed): Pick<Counts, 'calls' | 'functions'> => ({
  calls: counts.calls.filter(({ functionName }) => functionName !== control),
  functions: counts.functions.filter(({ name }) => name !== control),
});

/** Invocations by an event source mapping: each is a receive that brought something, and a deletion of what was processed. */
const batches = (functions: readonly FunctionCount[], billed: Billed): number =>
  total(
    functions
      .filter(({ name }) => billed.functions.some((one) => one.name === name && one.isPolled))
      .map(({ invocations }) => invocations),
  );

/** Per million events. */
export const costOfEvents = (counted: Counted, billed: Billed, prices: Prices): readonly CostRow[] => {
  const { events, requests, egressBytes } = counted;
  const { calls, functions } = ofEvents(counted, billed);
  const of = (service: string) => calls.filter((call) => call.service === service);
  const sqs = total(of('sqs').map((call) => call.requests)) + 2 * batches(functions, billed);
  const dynamo =
    total(of('dynamodb').map(({ reads }) => reads)) * prices.dynamoReadUnit +
    total(of('dynamodb').map(({ writes }) => writes)) * prices.dynamoWriteUnit;
  const logs = logBytes(functions, billed) + requests * billed.accessLogBytes;
  const egress = egressBytes + requests * ANSWER_BYTES;
  const each = MILLION / events;
  return [
    { name: 'API Gateway', usd: requests * prices.apiGatewayRequest * each },
    {
      name: 'Lambda, requests',
      usd: total(functions.map(({ invocations }) => invocations)) * prices.lambdaRequest * each,
    },
    {
      name: 'Lambda, GB-seconds',
      usd: total(functions.map((one) => gbSeconds(billed, one))) * prices.lambdaGbSecond * each,
    },
    { name: 'SQS', usd: sqs * prices.sqsFifoRequest * each },
    { name: 'DynamoDB', usd: dynamo * each },
    { name: 'logs and metrics in them', usd: logCost(logs, billed, prices) * each },
    { name: 'egress', usd: (egress / GB) * prices.egressGb * each },
  ];
};

/** Calls of AWS for 1,000 events, by what is called. */
export const callsOfEvents = (
  counted: Counted,
  billed: Billed,
): readonly { name: string; calls: number }[] => {
  const { calls, functions } = ofEvents(counted, billed);
  const each = 1_000 / counted.events;
  const named = new Map<string, number>();
  const add = (name: string, count: number): void => {
    named.set(name, (named.get(name) ?? 0) + count * each);
  };
  add('API Gateway requests', counted.requests);
  add('Lambda invocations', total(functions.map(({ invocations }) => invocations)));
  add('SQS receives and deletions of mappings', 2 * batches(functions, billed));
  for (const call of calls) add(`${call.service} ${call.operation}`, call.calls);
  return [...named].map(([name, count]) => ({ name, calls: count }));
};

/** Control's runs that were counted while nothing was sent, and what came of them. */
export interface CountedIdle {
  readonly counts: Counts;
}

const MINUTES_A_MONTH = 30 * 24 * 60;
/** Lambda keeps so many long polls open on a queue that is quiet. */
const POLLERS = 5;
const POLLS_A_MINUTE = 60 / 20;

/** A month in which nothing is sent. */
export const costOfIdle = ({ counts }: CountedIdle, billed: Billed, prices: Prices): readonly CostRow[] => {
  const { control } = billed;
  const runs = counts.functions.find(({ name }) => name === control)?.invocations ?? 0;
  if (runs === 0) throw new Error('control did not run while the benchmark looked');
  // Each run is a minute of the month.
  const month = MINUTES_A_MONTH / runs;
  const of = (service: string) => counts.calls.filter((call) => call.service === service);
  const metrics = counts.metrics.filter(({ from }) => from === control).length;
  const dynamo =
    total(of('dynamodb').map(({ reads }) => reads)) * prices.dynamoReadUnit +
    total(of('dynamodb').map(({ writes }) => writes)) * prices.dynamoWriteUnit;
  const invocations = total(counts.functions.map((one) => one.invocations));
  const lambda =
    invocations * prices.lambdaRequest +
    total(counts.functions.map((one) => gbSeconds(billed, one))) * prices.lambdaGbSecond;
  const sqs = total(of('sqs').map((call) => call.requests));
  return [
    {
      name: `queues that are polled, ${POLLERS} long polls each`,
      count: billed.polledQueues,
      usd: billed.polledQueues * POLLERS * POLLS_A_MINUTE * MINUTES_A_MONTH * prices.sqsFifoRequest,
    },
    { name: "control's metrics", count: metrics, usd: metrics * prices.customMetricMonth },
    {
      name: 'calls of CloudWatch',
      usd: total(of('cloudwatch').map(({ calls }) => calls)) * month * prices.metricRequest,
    },
    {
      name: 'metrics of alarms of high resolution',
      count: billed.highResolutionAlarmMetrics,
      usd: billed.highResolutionAlarmMetrics * prices.highResolutionAlarmMetricMonth,
    },
    {
      name: 'metrics of the other alarms',
      count: billed.alarmMetrics,
      usd:
        billed.alarmMetrics * prices.alarmMetricMonth + billed.compositeAlarms * prices.compositeAlarmMonth,
    },
    { name: "control's runs and its probes", usd: lambda * month },
    { name: "control's calls of DynamoDB", usd: dynamo * month },
    { name: "control's calls of SQS", usd: sqs * month * prices.sqsFifoRequest },
    { name: 'logs', usd: logCost(logBytes(counts.functions, billed) * month, billed, prices) },
  ];
};

export const sumOf = (rows: readonly CostRow[]): number => total(rows.map(({ usd }) => usd));
