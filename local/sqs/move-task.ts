/** `StartMessageMoveTask`: dead letters go back to where they came from, oldest first. It is done when it returns. */
import { invalid, SqsError } from './errors.ts';
import { contentOf, fresh } from './message.ts';
import type { Queue } from './queue.ts';
import type { QueueRegistry } from './queue-registry.ts';
import type { MoveTask } from './types.ts';

interface MoveRequest {
  readonly sourceArn: string;
  /** Default: each message's own source queue. */
  readonly destinationArn: string | undefined;
}

const find = (registry: QueueRegistry, arn: string): Queue => {
  const queue = registry.byArn(arn);
  if (queue === undefined) throw new SqsError('ResourceNotFoundException', `There is no queue ${arn}.`);
  return queue;
};

/**
 * A moved message is a new one: new id, new time, no receives. As with the redrive into a dead-letter queue, its
 * deduplication id is not compared with earlier ones, or a message could vanish on the way.
 * A group with a message in flight keeps that one and those behind it, or their order would change.
 */
export const moveMessages = (
  registry: QueueRegistry,
  { sourceArn, destinationArn }: MoveRequest,
  { now, uuid }: { readonly now: number; readonly uuid: () => string },
): MoveTask => {
  const source = find(registry, sourceArn);
  const destination = destinationArn === undefined ? undefined : find(registry, destinationArn);
  if (registry.deadLetterSources(source.name).length === 0)
    throw invalid(
      `Queue ${source.name} is not the dead-letter queue of any other; there is nothing to move back.`,
    );
  if (destination !== undefined && destination.settings.fifo !== source.settings.fifo)
    throw invalid(`Queues ${source.name} and ${destination.name} are of different types.`);
  const blocked = new Set<string>();
  let moved = 0;
  let left = 0;
  for (const message of source.messages()) {
    const { groupId, deadLetterSourceArn } = message;
    const target =
      destination ?? (deadLetterSourceArn === undefined ? undefined : registry.byArn(deadLetterSourceArn));
    const isBlocked = source.settings.fifo && blocked.has(groupId ?? '');
    if (target === undefined || isBlocked || message.state !== 'visible') {
      blocked.add(groupId ?? '');
      left += 1;
      continue;
    }
    registry.discard(source, message);
    registry.append(target, fresh({ ...contentOf(message), id: uuid() }, now, now));
    moved += 1;
  }
  return {
    taskHandle: uuid(),
    sourceArn,
    ...(destinationArn !== undefined && { destinationArn }),
    moved,
    left,
    startedAt: now,
  };
};
