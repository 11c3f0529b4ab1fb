/** Lanes of messages, and a queue that does with them what a test says. */
import { InfraFault } from '../../../lambdas/core/base/faults.ts';
import type { OutgoingMessage, QueueSender, SendResult } from '../../../lambdas/core/base/messages.ts';
import type { SendOptions } from '../../../lambdas/ingest/send.ts';
import { FakeQueue } from './fakes.ts';

export const message = (groupId: string, n: number, bytes = 10): OutgoingMessage => ({
  groupId,
  deduplicationId: `${groupId}-${n}`,
  body: 'x'.repeat(bytes),
});
export const lane = (groupId: string, parts: number) =>
  Array.from({ length: parts }, (_, n) => message(groupId, n));
export const ids = (messages: readonly OutgoingMessage[]) =>
  messages.map(({ deduplicationId }) => deduplicationId);

export const options = (sender: QueueSender, more: Partial<SendOptions> = {}): SendOptions => ({
  sender,
  signal: new AbortController().signal,
  end: new AbortController().signal,
  sleep: () => Promise.resolve(),
  random: () => 0.5,
  ...more,
});

/** Does with each message what `script` says, and stores those that it accepts. */
export class ScriptedQueue extends FakeQueue {
  readonly #script: (message: OutgoingMessage) => SendResult | 'lost answer' | 'fault';

  constructor(script: (message: OutgoingMessage) => SendResult | 'lost answer' | 'fault') {
    super();
    this.#script = script;
  }

  override send(messages: readonly OutgoingMessage[]): Promise<readonly SendResult[]> {
    this.calls.push(messages);
    const planned = messages.map((one) => this.#script(one));
    if (planned.includes('fault')) return Promise.reject(new InfraFault('the call failed'));
    messages.forEach((one, i) => {
      const result = planned[i];
      if (result === 'lost answer' || (typeof result === 'object' && result.ok)) this.store(one);
    });
    if (planned.includes('lost answer')) return Promise.reject(new InfraFault('the answer was lost'));
    return Promise.resolve(planned.filter((result) => typeof result === 'object'));
  }
}
