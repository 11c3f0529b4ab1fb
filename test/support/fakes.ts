/** Ports in memory, for tests of the policy alone. */
import type {
  Attempt,
  IncomingMessage,
  Rejection,
  RejectionStore,
  StageQueue,
  StageState,
  StateStore,
} from '../../lambdas/core/ports.ts';
import { InfraFault } from '../../lambdas/core/ports.ts';
import { NORMAL, type Mode } from '../../lambdas/core/mode.ts';

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

export class FakeState implements StateStore {
  modes: readonly Mode[] = [NORMAL];
  readonly attempts = new Map<string, Attempt>();
  readonly asked: string[][] = [];
  readonly successes = new Map<string, number>();
  broken = false;

  #fail(): void {
    if (this.broken) throw new InfraFault('DynamoDB is down');
  }

  read(_stage: string, attemptsOf: readonly string[]): Promise<StageState> {
    return this.#run(() => {
      this.asked.push([...attemptsOf]);
      const attempts = new Map([...this.attempts].filter(([id]) => attemptsOf.includes(id)));
      return { modes: this.modes, attempts };
    });
  }

  saveAttempt(_stage: string, messageId: string, attempt: Attempt): Promise<void> {
    return this.#run(() => {
      this.attempts.set(messageId, attempt);
    });
  }

  lastSuccess(stage: string): Promise<number | undefined> {
    return this.#run(() => this.successes.get(stage));
  }

  saveSuccess(stage: string, at: number): Promise<void> {
    return this.#run(() => {
      this.successes.set(stage, at);
    });
  }

  async #run<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    this.#fail();
    return work();
  }
}

export class FakeQueue implements StageQueue {
  readonly visibility = new Map<string, number>();
  readonly deleted: string[] = [];
  brokenDelete = false;
  brokenVisibility = false;

  async setVisibility(messages: readonly IncomingMessage[], seconds: number): Promise<void> {
    await Promise.resolve();
    if (this.brokenVisibility) throw new InfraFault('SQS is down');
    for (const { id } of messages) this.visibility.set(id, seconds);
  }

  async delete({ id }: IncomingMessage): Promise<void> {
    await Promise.resolve();
    if (this.brokenDelete) throw new InfraFault('SQS is down');
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
