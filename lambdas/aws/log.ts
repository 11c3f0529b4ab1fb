/** Structured logs and metrics: one JSON line each on standard output, which Lambda hands to CloudWatch. */
import { ENV } from '../../contract/environment.ts';
import { METRICS } from '../../contract/metrics.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Events' content is never logged: ids, counts, reasons and stacks are. */
export const log = (level: 'info' | 'warn' | 'error', message: string, fields: Fields = {}): void => {
  process.stdout.write(`${JSON.stringify({ level, message, ...fields })}\n`);
};

/** Those that alarms watch for the pipeline as a whole as well: a metric with other dimensions is another metric. */
const OF_THE_PIPELINE: ReadonlySet<string> = new Set([
  METRICS.eventsRejected,
  METRICS.oldestMessageAge,
  METRICS.lateCrashes,
]);

/** The rest are counts. */
const SECONDS: ReadonlySet<string> = new Set([METRICS.oldestMessageAge]);

/**
 * Counts in CloudWatch's embedded metric format, so that no call is made for them. The pipeline's name is added to the
 * dimensions, since an account may have several.
 * Source: CloudWatch, "Embedded metric format specification".
 */
export const emitMetrics = (
  dimensions: Readonly<Record<string, string>>,
  metrics: Readonly<Record<string, number>>,
): void => {
  const names = Object.keys(metrics);
  if (names.length === 0) return;
  const pipeline = process.env[ENV.pipeline];
  const all = pipeline === undefined ? dimensions : { [METRICS.pipeline]: pipeline, ...dimensions };
  const directive = (dimensionSets: readonly (readonly string[])[], of: readonly string[]) => ({
    Namespace: METRICS.namespace,
    Dimensions: dimensionSets,
    Metrics: of.map((Name) => (SECONDS.has(Name) ? { Name, Unit: 'Seconds' } : { Name })),
  });
  const own = Object.keys(all);
  const isShared = (name: string) => pipeline !== undefined && OF_THE_PIPELINE.has(name);
  const directives = [
    directive(
      [own],
      names.filter((name) => !isShared(name)),
    ),
    directive([own, [METRICS.pipeline]], names.filter(isShared)),
  ].filter(({ Metrics }) => Metrics.length > 0);
  const line = { _aws: { Timestamp: Date.now(), CloudWatchMetrics: directives }, ...all, ...metrics };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** The stack with its causes, for a log or a record. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? own : `${own}\ncaused by ${describeError(error.cause)}`;
};
