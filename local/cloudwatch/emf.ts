/** Metrics in log lines: CloudWatch's embedded metric format. */
import * as v from 'valibot';
import { merge, single, type Datum, type Statistics } from './metric-store.ts';

const directive = v.object({
  Namespace: v.string(),
  Dimensions: v.array(v.array(v.string())),
  Metrics: v.array(v.object({ Name: v.string(), StorageResolution: v.optional(v.number()) })),
});

const line = v.looseObject({
  _aws: v.object({ Timestamp: v.number(), CloudWatchMetrics: v.array(directive) }),
});

const values = v.union([v.number(), v.pipe(v.array(v.number()), v.minLength(1))]);

/** Undefined for text that only looks like JSON: functions may write what they like. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/**
 * The metrics of a function's log line; none, if it is no line of that format.
 * @throws Error that says what is wrong in a line that has metrics which CloudWatch would drop silently
 */
export const readEmf = (text: string): readonly Datum[] => {
  // Most lines are not; looking is cheaper than parsing. A name may be written with escapes.
  if (!/^\s*\{/.test(text) || !/_aws|\\u/.test(text)) return [];
  const value = parse(text);
  if (typeof value !== 'object' || value === null || !('_aws' in value)) return [];
  const parsed = v.safeParse(line, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`a line of metrics is malformed: ${v.getDotPath(issue) ?? 'line'}: ${issue.message}`);
  }
  const { _aws, ...fields } = parsed.output;
  const dimensionOf = (name: string): [string, string] => {
    const value = fields[name];
    if (typeof value !== 'string') throw new Error(`a line of metrics has no text for its dimension ${name}`);
    return [name, value];
  };
  const statisticsOf = (name: string): Statistics => {
    const found = v.safeParse(values, fields[name]);
    if (!found.success) throw new Error(`a line of metrics has no number for its metric ${name}`);
    const all = typeof found.output === 'number' ? [found.output] : found.output;
    return all.map(single).reduce((sum, one) => merge(sum, one));
  };
  return _aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name, StorageResolution }) => ({
        namespace: Namespace,
        name: Name,
        dimensions: Object.fromEntries(names.map(dimensionOf)),
        at: _aws.Timestamp,
        statistics: statisticsOf(Name),
        highResolution: StorageResolution === 1,
      })),
    ),
  );
};
