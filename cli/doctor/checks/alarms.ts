/** Alarms as they are: one that watches a metric which nobody writes never rings, and looks healthy. */
import { METRICS } from '../../../contract/metrics.ts';
import { resourcesOf } from '../../../local/template/tree.ts';
import { plural } from '../../format.ts';
import { fineUnless, notChecked, type Finding, type Problem } from '../finding.ts';
import type { Check, DeployedStack, MetricId, WatchedAlarm } from '../world.ts';

const OURS = METRICS.namespace;
/** Its names of dimensions are among them, which no metric has. */
const WRITTEN: ReadonlySet<string> = new Set(Object.values(METRICS));

/** Dimensions by which AWS names a resource of a stack. */
const RESOURCES: Readonly<Record<string, string>> = {
  QueueName: 'AWS::SQS::Queue',
  FunctionName: 'AWS::Lambda::Function',
  TopicName: 'AWS::SNS::Topic',
  TableName: 'AWS::DynamoDB::GlobalTable',
};

const namesOf = (dimensions: MetricId['dimensions']): string => Object.keys(dimensions).sort().join(', ');

const textOf = ({ namespace, name, dimensions }: MetricId): string =>
  `${namespace} ${name} of ${Object.entries(dimensions)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')}`;

const isSame = (a: MetricId, b: MetricId): boolean =>
  a.namespace === b.namespace &&
  a.name === b.name &&
  namesOf(a.dimensions) === namesOf(b.dimensions) &&
  Object.entries(a.dimensions).every(([key, value]) => b.dimensions[key] === value);

export interface Known {
  /** Names of the alarms that the stack made. */
  readonly expected: readonly string[];
  readonly alarms: readonly WatchedAlarm[];
  /** Metrics that had data lately, of the names that alarms watch. */
  readonly listed: readonly MetricId[];
  /** Names of the stack's resources, by type. */
  readonly resources: ReadonlyMap<string, ReadonlySet<string>>;
}

/** @returns why there can be no such metric; undefined: it has only had no data yet */
const whyNever = (metric: MetricId, { listed, resources }: Known): string | undefined => {
  const { namespace, name, dimensions } = metric;
  if (namespace === OURS && !WRITTEN.has(name)) return `no part of Sluice writes ${name}`;
  for (const [dimension, value] of Object.entries(dimensions)) {
    const type = RESOURCES[dimension];
    if (type !== undefined && resources.get(type)?.has(value) !== true)
      return `the stack has no such ${dimension.replace('Name', '').toLowerCase()}`;
  }
  const others = listed.filter((one) => one.namespace === namespace && one.name === name);
  return others.length === 0 || others.some((one) => namesOf(one.dimensions) === namesOf(dimensions))
    ? undefined
    : `${name} is written with other dimensions: ${[...new Set(others.map((one) => namesOf(one.dimensions)))].join('; ')}`;
};

/** Pure. */
export const judgeAlarms = (known: Known): Finding => {
  const { expected, alarms, listed } = known;
  if (expected.length === 0) return notChecked('the stack has no alarm');
  const there = new Set(alarms.map(({ name }) => name));
  const problems: Problem[] = expected
    .filter((name) => !there.has(name))
    .map((name) => ({
      what: `the alarm "${name}" is gone`,
      fix: 'CloudFormation does not notice it: take its destination out, deploy, and put it in again; or make it in the console as the template has it',
    }));
  const unseen: string[] = [];
  let seen = 0;
  for (const { name, metrics } of alarms)
    for (const metric of metrics) {
      if (listed.some((one) => isSame(one, metric))) seen += 1;
      else {
        const why = whyNever(metric, known);
        if (why === undefined) unseen.push(`${textOf(metric)} has had no data in two weeks ("${name}")`);
        else
          problems.push({
            what: `the alarm "${name}" watches ${textOf(metric)}, which never has data: ${why}`,
            fix: 'deploy again, as cdk diff may show no difference: change the alarm back in the console, or take it out and put it in again',
          });
      }
    }
  return problems.length === 0 && seen === 0
    ? notChecked(
        'no metric that an alarm watches has had data: send events, and look again in a quarter of an hour',
      )
    : fineUnless(
        problems,
        `${plural(alarms.length, 'alarm')}; ${plural(seen, 'metric')} that they watch ${seen === 1 ? 'has' : 'have'} data`,
        unseen,
      );
};

/** A queue's URL, a topic's ARN, or a name. */
const nameIn = (physical: string): string => physical.replace(/^.*[/:]/, '');

export const resourceNames = ({ tree, physical }: DeployedStack): Known['resources'] => {
  const names = new Map<string, Set<string>>();
  for (const { id, type } of resourcesOf(tree)) {
    const found = physical().get(id);
    if (found === undefined) continue;
    const all = names.get(type) ?? new Set();
    names.set(type, all.add(type === ALARM ? found : nameIn(found)));
  }
  return names;
};

const ALARM = 'AWS::CloudWatch::Alarm';

export const alarms: Check = {
  id: 'alarms',
  title: "every alarm's metric and dimensions exist",
  run: async (world) => {
    const resources = resourceNames(await world.deployed());
    const expected = [...(resources.get(ALARM) ?? [])];
    const found = await world.alarms(expected);
    const watched = new Map(
      found
        .flatMap(({ metrics }) => metrics)
        .map(({ namespace, name }) => [`${namespace} ${name}`, [namespace, name] as const]),
    );
    const listed: MetricId[] = [];
    for (const [namespace, name] of watched.values()) listed.push(...(await world.metrics(namespace, name)));
    return judgeAlarms({ expected, alarms: found, listed, resources });
  },
};
