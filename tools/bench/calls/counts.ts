/** What a local run's functions did, as AWS would bill it: their calls, invocations, durations and logs. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from '../sandbox/median.ts';

/** Of one operation by one function. */
export interface CallCount {
  readonly functionName: string;
  readonly service: string;
  readonly operation: string;
  /** The queue that is sent to. */
  readonly to?: string;
  readonly calls: number;
  /** As the service bills it: each begun 64 KB of SQS, for example. */
  readonly requests: number;
  /** DynamoDB's. */
  readonly reads: number;
  readonly writes: number;
  /** Of the requests' bodies; of SNS, of the messages in them. */
  readonly bytes: number;
}

export interface FunctionCount {
  readonly name: string;
  readonly invocations: number;
  /** Milliseconds, of each invocation. */
  readonly durations: readonly number[];
  /** Of its own lines, in UTF-8. */
  readonly logBytes: number;
  readonly logLines: number;
}

/** Since the local run's start. */
export interface Counts {
  readonly calls: readonly CallCount[];
  readonly functions: readonly FunctionCount[];
  /** Names of custom metrics, each with its namespace and dimensions, by the function that writes them. */
  readonly metrics: readonly { readonly name: string; readonly from: string }[];
}

const REPORT = /^REPORT RequestId: \S+\tDuration: ([\d.]+) ms/;

interface Emf {
  readonly _aws?: {
    readonly CloudWatchMetrics?: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
}

/** The metrics that a line of a log makes. */
const metricsIn = (line: string): readonly string[] => {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return [];
  const values = JSON.parse(line) as Emf & Readonly<Record<string, unknown>>;
  return (values._aws?.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = names.map((name) => `${name}=${String(values[name])}`).toSorted();
      return Metrics.map(({ Name }) => [Namespace, Name, ...dimensions].join(' '));
    }),
  );
};

/** Exported for its test. @param text of a function's log */
export const readLog = (
  name: string,
  text: string,
): { readonly count: FunctionCount; readonly metrics: readonly string[] } => {
  const lines = text.split('\n').filter((line) => line !== '');
  const durations = lines.flatMap((line) => {
    const [, ms] = REPORT.exec(line) ?? [];
    return ms === undefined ? [] : [Number(ms)];
  });
  const own = lines.filter((line) => !REPORT.test(line));
  return {
    count: {
      name,
      invocations: durations.length,
      durations,
      logBytes: own.reduce((sum, line) => sum + Buffer.byteLength(line), 0),
      logLines: own.length,
    },
    metrics: own.flatMap(metricsIn),
  };
};

/** @param dataDir of a local run that `preload.mjs` was loaded into */
export const readCounts = async (dataDir: string): Promise<Counts> => {
  const text = await readFile(join(dataDir, 'bench-calls.json'), 'utf8').catch(() => '{}');
  const { calls = [], metrics = [] } = JSON.parse(text) as Partial<Counts>;
  const logs = join(dataDir, 'logs');
  const files = (await readdir(logs)).filter((file) => file.endsWith('.log'));
  const read = await Promise.all(
    files.map(async (file) => readLog(file.slice(0, -4), await readFile(join(logs, file), 'utf8'))),
  );
  const written = read.flatMap((log) => log.metrics.map((name) => ({ name, from: log.count.name })));
  const all = new Map([...metrics, ...written].map((metric) => [metric.name, metric]));
  return { calls, functions: read.map(({ count }) => count), metrics: [...all.values()] };
};

const keyOf = ({ functionName, service, operation, to = '' }: CallCount): string =>
  [functionName, service, operation, to].join(' ');

/** What was done between two looks. */
export const since = (before: Counts, after: Counts): Counts => {
  const known = new Map(before.calls.map((call) => [keyOf(call), call]));
  const earlier = new Map(before.functions.map((one) => [one.name, one]));
  return {
    calls: after.calls
      .map((call) => {
        const { calls = 0, requests = 0, reads = 0, writes = 0, bytes = 0 } = known.get(keyOf(call)) ?? {};
        return {
          ...call,
          calls: call.calls - calls,
          requests: call.requests - requests,
          reads: call.reads - reads,
          writes: call.writes - writes,
          bytes: call.bytes - bytes,
        };
      })
      .filter(({ calls }) => calls > 0),
    functions: after.functions.map((one) => {
      const { invocations = 0, logBytes = 0, logLines = 0 } = earlier.get(one.name) ?? {};
      return {
        name: one.name,
        invocations: one.invocations - invocations,
        durations: one.durations.slice(invocations),
        logBytes: one.logBytes - logBytes,
        logLines: one.logLines - logLines,
      };
    }),
    metrics: after.metrics,
  };
};

/** Of one invocation; 0 when there was none. */
export const usualDuration = ({ durations }: FunctionCount): number =>
  durations.length === 0 ? 0 : median(durations);
