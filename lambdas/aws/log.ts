/** Structured logs and metrics: one JSON line each on standard output, which Lambda hands to CloudWatch. */
import { ENV } from '../../contract/environment.ts';
import { METRICS } from '../../contract/metrics.ts';
import { describeForLog, errorName, safeMessage } from '../core/base/own-words.ts';
import { NOTHING_TO_REDACT, redactAll, type Redact } from '../core/base/redaction.ts';

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Names that mean something to CloudWatch at the top of a line: `_aws` makes embedded metrics of it, and `@timestamp`,
 * `@message` and the like are Logs Insights' own.
 */
const isCloudWatchs = (name: string): boolean => name === '_aws' || name.startsWith('@');

/**
 * Events' content is never logged: ids, counts, reasons in Sluice's own words and the frames of stacks are (`own-words.ts`). What a
 * transform prints is its author's doing. Names are ours, and what a transform prints is the value of one; should a name of CloudWatch's get among them, the line keeps it under `fields`, where it means nothing.
 */
export const log = (level: 'info' | 'warn' | 'error', message: string, fields: Fields = {}): void => {
  const own = Object.entries(fields).filter(([name]) => !isCloudWatchs(name));
  const others = Object.entries(fields).filter(([name]) => isCloudWatchs(name));
  const rest = others.length === 0 ? {} : { fields: Object.fromEntries(others) };
  const line = { message, ...Object.fromEntries(own), ...rest };
  process.stdout.write(`${JSON.stringify({ level, ...(redactAll(line, redact) as Fields) })}\n`);
};

let redact = NOTHING_TO_REDACT;

/** From now on every line passes through it: for a function that reads secrets. */
export const redactLogs = (by: Redact): void => {
  redact = by;
};

/** Those that alarms watch for the pipeline as a whole as well: a metric with other dimensions is another metric. */
const OF_THE_PIPELINE: ReadonlySet<string> = new Set([
  METRICS.eventsRejected,
  METRICS.oldestMessageAge,
  METRICS.lateCrashes,
  METRICS.requestsUnauthorized,
]);

/** The rest are counts. */
const SECONDS: ReadonlySet<string> = new Set([METRICS.oldestMessageAge]);

type Dimensions = Readonly<Record<string, string>>;
type Metrics = Readonly<Record<string, number>>;

/** What the invocation that runs has counted so far, by the dimensions' JSON; undefined: none runs. */
let collected: Map<string, { readonly dimensions: Dimensions; readonly metrics: Metrics }> | undefined;

/** From now until `writeMetrics` counts are added up: a line is paid for, and one says as much as one for each message. */
export const collectMetrics = (): void => {
  collected = new Map();
};

/** A line for each set of dimensions. A process that is killed before has lost what its invocation counted. */
export const writeMetrics = (): void => {
  const lines = collected ?? new Map<string, never>();
  collected = undefined;
  for (const { dimensions, metrics } of lines.values()) emitNow(dimensions, metrics);
};

const together = (before: Metrics, more: Metrics): Metrics => {
  const sums: Record<string, number> = { ...before };
  for (const [name, value] of Object.entries(more)) {
    const known = sums[name];
    if (known === undefined) sums[name] = value;
    else sums[name] = SECONDS.has(name) ? Math.max(known, value) : known + value;
  }
  return sums;
};

/** Counts: in the line of the invocation that runs; immediately when none does. */
export const emitMetrics = (dimensions: Dimensions, metrics: Metrics): void => {
  if (collected === undefined) {
    emitNow(dimensions, metrics);
    return;
  }
  const key = JSON.stringify(dimensions);
  const before = collected.get(key)?.metrics ?? {};
  collected.set(key, { dimensions, metrics: together(before, metrics) });
};

/**
 * Counts in CloudWatch's embedded metric format, so that no call is made for them. The pipeline's name is added to the
 * dimensions, since an account may have several. Of a count of nothing there is no line: a metric that is written is paid for.
 * Source: CloudWatch, "Embedded metric format specification".
 */
export const emitNow = (dimensions: Dimensions, given: Metrics): void => {
  const metrics = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== 0 || SECONDS.has(name)),
  );
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
    // The pipeline's alone would be counted twice.
    directive(own.length > 1 ? [own, [METRICS.pipeline]] : [own], names.filter(isShared)),
  ].filter(({ Metrics }) => Metrics.length > 0);
  const line = { _aws: { Timestamp: Date.now(), CloudWatchMetrics: directives }, ...all, ...metrics };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** For a log: see `own-words.ts`. */
export const describeError = describeForLog;

/** What a function may throw to Lambda, which logs the name, the message and the stack of whatever it is given. */
export const forLambda = (error: unknown): Error => {
  const message = safeMessage(error) ?? 'the log has its frames; its message may quote an event';
  const thrown = new Error(redact(message));
  thrown.name = error instanceof Error ? errorName(`${error.name}: `) : 'Error';
  thrown.stack = redact(describeForLog(error));
  return thrown;
};
