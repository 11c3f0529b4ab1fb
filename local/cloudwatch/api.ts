/** CloudWatch's PutMetricData, in the JSON protocol that its SDK client speaks. */
import * as v from 'valibot';
import { merge, type Datum, type Statistics } from './metric-store.ts';
import { failure, json, readJson, type Answer, type ApiRequest } from '../common/answer.ts';

const TARGET = 'GraniteServiceVersion20100801.PutMetricData';

const numbers = v.array(v.number());
const datum = v.object({
  MetricName: v.string(),
  Dimensions: v.optional(v.array(v.object({ Name: v.string(), Value: v.string() })), []),
  /** Seconds since 1970. */
  Timestamp: v.optional(v.number()),
  Value: v.optional(v.number()),
  Values: v.optional(v.pipe(numbers, v.minLength(1))),
  Counts: v.optional(numbers),
  StatisticValues: v.optional(
    v.object({ SampleCount: v.number(), Sum: v.number(), Minimum: v.number(), Maximum: v.number() }),
  ),
  StorageResolution: v.optional(v.picklist([1, 60])),
});
const schema = v.object({ Namespace: v.string(), MetricData: v.array(datum) });

const statisticsOf = (given: v.InferOutput<typeof datum>): Statistics | undefined => {
  const { Value, Values, Counts = [], StatisticValues: stats } = given;
  if (stats !== undefined) {
    return { count: stats.SampleCount, sum: stats.Sum, min: stats.Minimum, max: stats.Maximum };
  }
  const all = Values ?? (Value === undefined ? [] : [Value]);
  const each = all.map((value, i): Statistics => {
    const count = Counts[i] ?? 1;
    return { count, sum: value * count, min: value, max: value };
  });
  return each.length === 0 ? undefined : each.reduce((sum, one) => merge(sum, one));
};

/** @returns undefined when the request is for something else */
export const answerCloudWatch = (request: ApiRequest, put: (datum: Datum) => void): Answer | undefined => {
  if (request.headers['x-amz-target'] !== TARGET) return undefined;
  const parsed = v.safeParse(schema, readJson(request));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return invalid(`${v.getDotPath(issue) ?? 'the request'}: ${issue.message}`);
  }
  const { Namespace, MetricData } = parsed.output;
  const data = MetricData.map((one) => ({ ...one, statistics: statisticsOf(one) }));
  const empty = data.find(({ statistics }) => statistics === undefined);
  if (empty !== undefined) return invalid(`the metric ${empty.MetricName} has no value`);
  for (const { MetricName, Dimensions, Timestamp, statistics, StorageResolution } of data) {
    if (statistics === undefined) continue;
    put({
      namespace: Namespace,
      name: MetricName,
      dimensions: Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value])),
      at: Timestamp === undefined ? Date.now() : Timestamp * 1000,
      statistics,
      highResolution: StorageResolution === 1,
    });
  }
  return json(200, {});
};

const invalid = (message: string): Answer =>
  // The SDK takes the error's name from the header of the older protocol.
  ({
    ...failure(400, 'InvalidParameterValueException', message),
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-query-error': 'InvalidParameterValue;Sender',
    },
  });
