/** What calls mean, taken from the template. */
import { functionName } from '../../../local/template/physical.ts';
import type { Facts } from './calls.ts';
import type { Roles } from './roles.ts';

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export const factsOf = ({ template }: Roles): Facts => ({
  functionOf: (mappingId) => {
    const mapping = template.all('mapping').find(({ logicalId }) => logicalId === mappingId);
    if (mapping === undefined) throw new Error(`the template has no mapping ${mappingId}`);
    return functionName(String(mapping.properties['FunctionName']));
  },
  tagsOf: (queueName) => {
    const queue = template
      .all('queue')
      .find(({ logicalId }) => template.physical(logicalId)?.attributes['QueueName'] === queueName);
    const tags = (queue?.properties['Tags'] ?? []) as readonly Tag[];
    return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
  },
});
