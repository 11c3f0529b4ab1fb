/** What calls mean, taken from the template. */
import { functionName } from '../../../local/template/physical.ts';
import type { Facts } from './calls.ts';
import type { Roles } from './roles.ts';

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

const tagsOf = (resource: { readonly properties: Readonly<Record<string, unknown>> } | undefined) => {
  const tags = (resource?.properties['Tags'] ?? []) as readonly Tag[];
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
};

export const factsOf = ({ template }: Roles): Facts => ({
  functionOf: (mappingId) => {
    const mapping = template.all('mapping').find(({ logicalId }) => logicalId === mappingId);
    if (mapping === undefined) throw new Error(`the template has no mapping ${mappingId}`);
    return functionName(String(mapping.properties['FunctionName']));
  },
  tagsOf: (queueName) =>
    tagsOf(
      template
        .all('queue')
        .find(({ logicalId }) => template.physical(logicalId)?.attributes['QueueName'] === queueName),
    ),
  tagsOfFunction: (name) =>
    tagsOf(
      template
        .all('function')
        .find(({ logicalId }) => functionName(template.physical(logicalId)?.ref ?? '') === name),
    ),
});
