/**
 * Prices of AWS in us-east-1, in dollars, without the free tier: as AWS's pages had them, by way of third parties, on 2026-11-22.
 * docs/operating.md has the same in its tables.
 */
export const PRICES = {
  /** Of SQS FIFO; an empty receive is a request. */
  sqsRequest: 0.5 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  /** A GB for a second, arm64. */
  lambdaSecond: 0.0000133334,
  /** Strongly consistent, of up to 4 KB. One that is eventually consistent is half. */
  dynamoRead: 0.125 / 1e6,
  /** A month, counted by the hour. */
  customMetric: 0.3,
  /** A month, for each metric that the alarm looks at. */
  alarm: 0.1,
  /** The same with a period shorter than a minute. */
  highResolutionAlarm: 0.3,
  putMetricData: 0.01 / 1e3,
  logByte: 0.5 / 1e9,
} as const;

export const MINUTES_OF_A_MONTH = 43_800;
