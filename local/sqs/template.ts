/** The template's queues. */
import { lastPart, type Template } from '../template/physical.ts';

export interface QueueSpec {
  readonly name: string;
  /** By SQS's names, as text. */
  readonly attributes: Readonly<Record<string, string>>;
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

export const readQueues = (template: Template): readonly QueueSpec[] =>
  template.all('queue').map(({ logicalId, properties }) => ({
    name: lastPart(template.physical(logicalId)?.ref ?? logicalId),
    attributes: Object.fromEntries(
      Object.entries(properties)
        .filter(([key]) => key !== 'QueueName' && key !== 'Tags')
        .map(([key, value]) => [key, asText(value)]),
    ),
  }));
