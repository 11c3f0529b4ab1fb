/** What of the synthesized template decides what AWS bills. */
import { readAssembly, type Assembly, type Properties } from '../../../local/template/assembly.ts';
import { readStack } from '../../../local/run/stack.ts';

export interface BilledFunction {
  readonly name: string;
  readonly memoryMb: number;
  /** A queue's event source mapping calls it. */
  readonly isPolled: boolean;
}

export interface Billed {
  readonly functions: readonly BilledFunction[];
  /** The function that runs every minute. */
  readonly control: string;
  /** Queues that Lambda polls. */
  readonly polledQueues: number;
  /** Metrics that alarms look at, by the alarms' resolution. */
  readonly alarmMetrics: number;
  readonly highResolutionAlarmMetrics: number;
  readonly compositeAlarms: number;
  /** Bytes of a line of API Gateway's access log, and of its CloudWatch event. */
  readonly accessLogBytes: number;
  readonly logRetentionDays: number;
  /** Lambda writes lines of its own for invocations that succeed, too. */
  readonly logsSuccesses: boolean;
}

/** Of a log event, that CloudWatch bills on top of its text. */
export const LOG_EVENT_BYTES = 26;

/** What stands for a variable in a line of the access log is about as long. */
const USUAL_VALUE = 'x'.repeat(16);

const accessLogBytes = ({ resources }: Assembly): number => {
  const formats = resources.flatMap(({ properties }) => {
    const setting = properties['AccessLogSetting'] as { readonly Format?: unknown } | undefined;
    return typeof setting?.Format === 'string' ? [setting.Format] : [];
  });
  return formats.reduce(
    (sum, format) =>
      sum + Buffer.byteLength(format.replaceAll(/\$context\.[\w.]+/g, USUAL_VALUE)) + LOG_EVENT_BYTES,
    0,
  );
};

interface MetricQuery {
  readonly MetricStat?: { readonly Period?: number };
}

const metricsOf = (properties: Properties): { readonly count: number; readonly period: number } => {
  const queries = properties['Metrics'] as readonly MetricQuery[] | undefined;
  if (queries === undefined) return { count: 1, period: Number(properties['Period'] ?? 60) };
  const stats = queries.flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat]));
  return { count: stats.length, period: Math.min(...stats.map(({ Period = 60 }) => Period)) };
};

/** Source: Lambda developer guide, "Configuring log level filtering": the table of system events and their levels. */
const logsSuccesses = (properties: Properties): boolean => {
  const logging = properties['LoggingConfig'] as { readonly SystemLogLevel?: string } | undefined;
  return logging?.SystemLogLevel !== 'WARN';
};

/** @param dir of a cloud assembly */
export const readBilled = async (dir: string): Promise<Billed> => {
  const assembly = await readAssembly(dir);
  const stack = readStack(assembly, 'http://127.0.0.1');
  const polled = new Set(
    stack.mappings.filter(({ enabled }) => enabled).map(({ functionName }) => functionName),
  );
  const of = (type: string): readonly Properties[] =>
    assembly.resources.filter((resource) => resource.type === type).map(({ properties }) => properties);
  const alarms = of('AWS::CloudWatch::Alarm').map(metricsOf);
  const count = (isHigh: boolean): number =>
    alarms.filter(({ period }) => period < 60 === isHigh).reduce((sum, alarm) => sum + alarm.count, 0);
  const [schedule] = stack.schedules;
  if (schedule === undefined) throw new Error('the template has no schedule: nothing runs control');
  return {
    functions: stack.functions.map(({ name, memoryMb }) => ({ name, memoryMb, isPolled: polled.has(name) })),
    control: schedule.functionName,
    polledQueues: stack.mappings.filter(({ enabled }) => enabled).length,
    alarmMetrics: count(false),
    highResolutionAlarmMetrics: count(true),
    compositeAlarms: of('AWS::CloudWatch::CompositeAlarm').length,
    accessLogBytes: accessLogBytes(assembly),
    logRetentionDays: Math.max(
      ...of('AWS::Logs::LogGroup').map((properties) => Number(properties['RetentionInDays'] ?? 0)),
    ),
    logsSuccesses: of('AWS::Lambda::Function').some(logsSuccesses),
  };
};
