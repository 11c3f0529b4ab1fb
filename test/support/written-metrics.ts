/** Which metrics the functions write, as `name of dimensions`. */
import { jest } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ENV } from '../../contract/environment.ts';
import { METRICS } from '../../contract/metrics.ts';
import { emitMetrics } from '../../lambdas/aws/log.ts';
import { control } from '../../lambdas/control/control.ts';
import { ROOT } from '../../local/common/settings.ts';
import { MemoryCanary } from './memory-canary.ts';
import { MemoryRetention } from './memory-retention.ts';
import { START, World } from '../lambdas/control/world.ts';

export const describeMetric = (name: string, dimensions: readonly string[]): string =>
  `${name} of ${[...dimensions].sort().join(', ')}`;

/** Control's metrics, in a minute in which a stage with messages and parked keys is blocked, after a drill. */
export const writtenByControl = async (): Promise<readonly string[]> => {
  const world = new World();
  world.degraded('crm', { troubledSince: START - 60_000 });
  world.counts.set('crm.fifo', { visible: 3, inFlight: 0 });
  await world.park('crm', 'ann', [{ messageId: 'e1' }]);
  const retention = { time: 1, store: new MemoryRetention() };
  const canary = { writeKey: 'key', store: new MemoryCanary({ drilledAt: START }) };
  await control({ source: 'aws.events' }, { ...world.deps, retention, canary });
  return world.metrics.map(({ name, dimensions }) => describeMetric(name, Object.keys(dimensions)));
};

/** `METRICS.lateCrashes` in the source. */
const constantOf = (node: ts.Expression): string | undefined =>
  ts.isPropertyAccessExpression(node) &&
  ts.isIdentifier(node.expression) &&
  node.expression.text === 'METRICS'
    ? new Map<string, string>(Object.entries(METRICS)).get(node.name.text)
    : undefined;

const keyOf = (name: ts.PropertyName): string | undefined => {
  if (ts.isComputedPropertyName(name)) return constantOf(name.expression);
  return ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : undefined;
};

/** Where a metric's name stands when it is written: the key of an object, or an argument (`count('EventsRejected', 1)`). */
const namesIn = (file: string): readonly string[] => {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node)) names.push(...[keyOf(node.name) ?? []].flat());
    if (ts.isCallExpression(node))
      names.push(...node.arguments.filter(ts.isStringLiteral).map(({ text }) => text));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest));
  return names;
};

const sourcesOf = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, 'lambdas', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(ROOT, 'lambdas', folder, name));

interface EmittedLine {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly { readonly Dimensions: readonly (readonly string[])[] }[];
  };
}

/** The dimensions with which CloudWatch gets a metric of a stage from the log. */
const emittedDimensions = (name: string): readonly (readonly string[])[] => {
  const lines: string[] = [];
  const stdout = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((line) => lines.push(String(line)) > 0);
  process.env[ENV.pipeline] = 'shop';
  try {
    emitMetrics({ [METRICS.stage]: 'crm' }, { [name]: 1 });
  } finally {
    stdout.mockRestore();
    Reflect.deleteProperty(process.env, ENV.pipeline);
  }
  const { _aws } = JSON.parse(lines.join('')) as EmittedLine;
  return _aws.CloudWatchMetrics.flatMap(({ Dimensions }) => Dimensions);
};

/** What ingest counts for each source, by which names stand in its code. */
export const countedAtIngest = (): readonly string[] =>
  sourcesOf('ingest')
    .flatMap(namesIn)
    .map((name) => describeMetric(name, [METRICS.pipeline, 'Source']));

/** What a stage counts, by which names stand in its code. */
export const countedByStages = (): readonly string[] =>
  ['router', 'deliver']
    .flatMap(sourcesOf)
    .flatMap(namesIn)
    .map((name) => describeMetric(name, [METRICS.pipeline, METRICS.stage]));

/** The log's, by which names stand in the sources of the functions that have metrics in their log. */
export const writtenToLog = (): readonly string[] => {
  const known = new Set<string>(Object.values(METRICS));
  const names = new Set(['ingest', 'router', 'deliver', 'stage'].flatMap(sourcesOf).flatMap(namesIn));
  return [...names]
    .filter((name) => known.has(name))
    .flatMap((name) => emittedDimensions(name).map((dimensions) => describeMetric(name, dimensions)));
};
