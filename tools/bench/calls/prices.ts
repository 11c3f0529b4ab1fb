/** What AWS asks for, from `prices.json`, which says when and where each price was read. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';

const price = v.object({
  usd: v.number(),
  per: v.pipe(v.number(), v.minValue(1)),
  unit: v.string(),
  date: v.pipe(v.string(), v.isoDate()),
  source: v.pipe(v.string(), v.minLength(1)),
});

const file = v.object({
  region: v.string(),
  note: v.string(),
  prices: v.strictObject({
    apiGatewayRequest: price,
    lambdaRequest: price,
    lambdaGbSecond: price,
    sqsFifoRequest: price,
    dynamoReadUnit: price,
    dynamoWriteUnit: price,
    logIngestedGb: price,
    logStoredGbMonth: price,
    customMetricMonth: price,
    metricRequest: price,
    alarmMetricMonth: price,
    highResolutionAlarmMetricMonth: price,
    compositeAlarmMonth: price,
    egressGb: price,
    snsFifoMessage: price,
    snsFifoGb: price,
    kinesisPutUnit: price,
    firehoseGb: price,
    eventBridgeEvent: price,
    s3Put: price,
    s3Get: price,
    s3GbMonth: price,
  }),
});

export type PriceName = keyof v.InferOutput<typeof file>['prices'];
/** Dollars of one unit. */
export type Prices = Readonly<Record<PriceName, number>>;

const read = v.parse(file, JSON.parse(readFileSync(new URL('prices.json', import.meta.url), 'utf8')));

export const REGION = read.region;

/** The dates at which prices were read, the earliest and the latest. */
export const DATES: readonly [string, string] = (() => {
  const dates = Object.values(read.prices)
    .map(({ date }) => date)
    .toSorted();
  return [dates[0] ?? '', dates.at(-1) ?? ''];
})();

export const PRICES = Object.fromEntries(
  Object.entries(read.prices).map(([name, { usd, per }]) => [name, usd / per]),
) as Prices;
