/** The template's tables. */
import type { Properties } from '../template/assembly.ts';
import type { Template } from '../template/physical.ts';

export interface TableSpec {
  readonly name: string;
  readonly properties: Properties;
}

export const readTables = (template: Template): readonly TableSpec[] =>
  template.all('table').map(({ logicalId, properties }) => ({
    name: template.physical(logicalId)?.ref ?? logicalId,
    properties,
  }));
