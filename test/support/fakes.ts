/** Ports in memory, for tests of the policy alone. */
import type { IncomingMessage } from '../../lambdas/core/base/messages.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import type { Rejection, RejectionStore } from '../../lambdas/core/event/ports.ts';
import type { StageQueue } from '../../lambdas/core/stage/ports.ts';

export const message = (
  id: string,
  groupId: string,
  rest: Partial<IncomingMessage> = {},
): IncomingMessage => ({
  id,
  receiptHandle: `handle-${id}`,
  body: '',
  groupId,
  sequenceNumber: '0',
  receiveCount: 1,
  sentAt: 0,
  ...rest,
});

export class FakeQueue implements StageQueue {
  readonly visibility = new Map<string, number>();
  readonly deleted: string[] = [];
  /** The results of `receive`, call by call. */
  readonly waiting: (readonly IncomingMessage[])[] = [];
  /** The ids of messages that it does not delete. */
  failing: readonly string[] = [];

  async receive(): Promise<readonly IncomingMessage[]> {
    await Promise.resolve();
    return this.waiting.shift() ?? [];
  }

  async setVisibility(messages: readonly IncomingMessage[], seconds: number): Promise<void> {
    await Promise.resolve();
    for (const { id } of messages) this.visibility.set(id, seconds);
  }

  async delete({ id }: IncomingMessage): Promise<void> {
    await Promise.resolve();
    if (this.failing.includes(id)) throw new InfraFault(`${id} could not be deleted`);
    this.deleted.push(id);
  }
}

export class FakeRejections implements RejectionStore {
  readonly saved: Rejection[] = [];

  async save(rejection: Rejection): Promise<void> {
    await Promise.resolve();
    this.saved.push(rejection);
  }
}
