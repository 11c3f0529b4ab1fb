/** Structured logs and metrics: one JSON line each on standard output, which Lambda hands to CloudWatch. */

export type Fields = Readonly<Record<string, unknown>>;

/** Events' content is never logged: ids, counts, reasons and stacks are. */
export const log = (level: 'info' | 'warn' | 'error', message: string, fields: Fields = {}): void => {
  process.stdout.write(`${JSON.stringify({ level, message, ...fields })}\n`);
};

const METRIC_NAMESPACE = 'Sluice';

/**
 * Counts in CloudWatch's embedded metric format, so that no call is made for them.
 * Source: CloudWatch, "Embedded metric format specification".
 */
export const emitMetrics = (
  dimensions: Readonly<Record<string, string>>,
  metrics: Readonly<Record<string, number>>,
): void => {
  const names = Object.keys(metrics);
  if (names.length === 0) return;
  const directive = {
    Namespace: METRIC_NAMESPACE,
    Dimensions: [Object.keys(dimensions)],
    Metrics: names.map((Name) => ({ Name })),
  };
  const line = { _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] }, ...dimensions, ...metrics };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** The stack with its causes, for a log or a record. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by ${describeError(error.cause)}`;
};
