/** The template in the local run's terms: what there is of each kind, references resolved. */
import type { Assembly } from './assembly.ts';
import { readAlarms, readSubscriptions, readTopics } from './template/alerts.ts';
import { functionName, readApi, readFunctions, readMappings, readSchedules } from './template/functions.ts';
import { lastPart, resolveTemplate, type Template } from './template/physical.ts';
import type { QueueSpec, Stack, TableSpec } from './template/specs.ts';

export type * from './template/specs.ts';

/** The stack's output that names the function which takes the operator's requests. */
const CONTROL_OUTPUT = 'ControlFunction';

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const readQueues = (template: Template): readonly QueueSpec[] =>
  template.all('queue').map(({ logicalId, properties }) => ({
    name: lastPart(template.physical(logicalId)?.ref ?? logicalId),
    attributes: Object.fromEntries(
      Object.entries(properties)
        .filter(([key]) => key !== 'QueueName' && key !== 'Tags')
        .map(([key, value]) => [key, asText(value)]),
    ),
  }));

const readTables = (template: Template): readonly TableSpec[] =>
  template.all('table').map(({ logicalId, properties }) => ({
    name: template.physical(logicalId)?.ref ?? logicalId,
    properties,
  }));

/**
 * @param queuesUrl where SQS listens, without a path
 * @throws Error that names what of the template the local run does not know
 */
export const readStack = (assembly: Assembly, queuesUrl: string): Stack => {
  const template = resolveTemplate(assembly, queuesUrl);
  const queues = readQueues(template);
  const schedules = readSchedules(template);
  const control = template.output(CONTROL_OUTPUT);
  return {
    queues,
    tables: readTables(template),
    functions: readFunctions(template),
    mappings: readMappings(template, queues),
    api: readApi(template),
    schedules,
    topics: readTopics(template),
    subscriptions: readSubscriptions(template),
    alarms: readAlarms(template),
    controlFunction: typeof control === 'string' ? functionName(control) : schedules[0]?.functionName,
  };
};
