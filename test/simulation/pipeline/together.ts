/** Of each invocation of the router: the messages of a key that are done and not deleted yet. They come back together, or not at all. */
import type { IncomingMessage } from '../../../lambdas/core/base/messages.ts';
import type { Invocation } from '../invocation.ts';

type Message = Pick<IncomingMessage, 'id' | 'groupId'>;

export class Together {
  readonly #all = new WeakMap<Invocation, Message[]>();

  /** It is at its first delivery, and stays in the queue when it is done. */
  begun(by: Invocation, { id, groupId }: Message): void {
    const all = this.#all.get(by) ?? [];
    this.#all.set(by, all);
    all.push({ id, groupId });
  }

  deleted(by: Invocation, { id }: Pick<Message, 'id'>): void {
    const all = this.#all.get(by) ?? [];
    this.#all.set(
      by,
      all.filter((one) => one.id !== id),
    );
  }

  /** Id of the first of those that come back with it. */
  firstOf(by: Invocation, message: Message): string {
    const all = this.#all.get(by) ?? [];
    const isThere = all.some(({ id }) => id === message.id);
    return (isThere ? all.find(({ groupId }) => groupId === message.groupId)?.id : undefined) ?? message.id;
  }
}
