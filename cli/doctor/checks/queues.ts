/** The stages' queues as they are: in high-throughput mode each message group has its own share, and its own deduplication. */
import { resourcesOf } from '../../../local/template/tree.ts';
import { PIPELINE_TAG } from '../../../contract/tags.ts';
import { plural } from '../../format.ts';
import { fineUnless, notChecked, type Finding, type Problem } from '../finding.ts';
import type { Check, DeployedStack } from '../world.ts';

/** URLs, by the id in the template. */
export const stageQueues = ({ tree, physical }: DeployedStack): ReadonlyMap<string, string> =>
  new Map(
    resourcesOf(tree).flatMap(({ id, type, properties }) => {
      const url = physical().get(id);
      const tags = (properties['Tags'] ?? []) as readonly { readonly Key: string }[];
      const isStage = type === 'AWS::SQS::Queue' && tags.some(({ Key }) => Key === PIPELINE_TAG);
      return isStage && url !== undefined ? [[id, url] as const] : [];
    }),
  );

const HIGH_THROUGHPUT: Readonly<Record<string, string>> = {
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
};

const SET = Object.entries(HIGH_THROUGHPUT)
  .map(([name, value]) => `${name}=${value}`)
  .join(',');

const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

/** Pure. @param found attributes by URL; undefined: the queue is gone */
export const judgeQueues = (
  found: ReadonlyMap<string, Readonly<Record<string, string>> | undefined>,
  options: string,
): Finding => {
  if (found.size === 0) return notChecked('the stack has no queue of a stage');
  const problems = [...found].flatMap(([url, attributes]): Problem[] => {
    if (attributes === undefined)
      return [
        {
          what: `the queue ${nameOf(url)} is gone`,
          fix: `its events are lost. CloudFormation does not notice it: aws sqs create-queue --queue-name ${nameOf(url)} --attributes FifoQueue=true,${SET}${options}; aws cloudformation detect-stack-drift lists the attributes that are left`,
        },
      ];
    const off = Object.entries(HIGH_THROUGHPUT).filter(([name, value]) => attributes[name] !== value);
    if (off.length === 0) return [];
    const is = off.map(([name]) => `${name} is ${attributes[name] ?? 'not set'}`).join(', ');
    return [
      {
        what: `the queue ${nameOf(url)} is not in high-throughput mode: ${is}. A user's events would be deduplicated against those of others, and all users share 300 calls a second`,
        fix: `aws sqs set-queue-attributes --queue-url ${url} --attributes ${SET}${options}`,
      },
    ];
  });
  return fineUnless(problems, `${plural(found.size, 'queue')} in high-throughput mode`);
};

export const queues: Check = {
  id: 'queues',
  title: 'queues are in high-throughput mode',
  run: async (world) => {
    const found = new Map<string, Readonly<Record<string, string>> | undefined>();
    for (const url of stageQueues(await world.deployed()).values())
      found.set(url, await world.queueAttributes(url));
    return judgeQueues(found, world.options);
  },
};
