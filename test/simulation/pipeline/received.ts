/** Converts between the SQS engine and the ports of a stage's function. */
import { memoryStore, type MessageRecord, type SqsStore } from '../../../local/sqs/store.ts';
import { SqsError } from '../../../local/sqs/errors.ts';
import type { ReceivedMessage } from '../../../local/sqs/types.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';

/** Counts messages, as the engine stores them. */
export class Groups {
  readonly #counts = new Map<string, Map<string, number>>();

  /** By queue: the groups that have messages, hidden or not. */
  of(queue: string): readonly string[] {
    return [...(this.#counts.get(queue) ?? [])].flatMap(([group, count]) => (count > 0 ? [group] : []));
  }

  readonly store: SqsStore = {
    ...memoryStore(),
    insertMessage: (message) => {
      this.#add(message, 1);
    },
    deleteMessage: (message) => {
      this.#add(message, -1);
    },
  };

  #add({ queue, groupId = '' }: Pick<MessageRecord, 'queue' | 'groupId'>, count: number): void {
    const groups = this.#counts.get(queue) ?? new Map<string, number>();
    this.#counts.set(queue, groups);
    groups.set(groupId, (groups.get(groupId) ?? 0) + count);
  }
}

/** @throws InfraFault when the engine refuses */
export const orFault = (call: () => void): void => {
  try {
    call();
  } catch (error) {
    if (error instanceof SqsError) throw new InfraFault(error.message, { cause: error });
    throw error;
  }
};

export const toIncoming = (received: ReceivedMessage): IncomingMessage => ({
  id: received.messageId,
  receiptHandle: received.receiptHandle,
  body: received.body,
  groupId: received.groupId ?? '',
  sequenceNumber: received.sequenceNumber ?? '',
  receiveCount: received.receiveCount,
  sentAt: received.sentAt,
  ...(received.receiveCount === 1 ? { receivedAt: received.firstReceivedAt } : {}),
});
