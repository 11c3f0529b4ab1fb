/** The canary's receiver is the function itself. It records what it takes, and answers as it was ordered. */
import {
  readCanaryMessageId,
  type CanaryAnswer,
  type CanaryArrival,
  type CanaryOrders,
} from '../../../../contract/canary.ts';
import type { Clock } from '../../../core/base/clock.ts';
import type { Sender, Verdict } from '../sender.ts';

export interface CanaryDeps {
  readonly store: {
    /** @throws InfraFault */
    readonly readSettings: () => Promise<{ readonly orders?: CanaryOrders }>;
    /** @throws InfraFault */
    readonly addArrival: (run: string, arrival: CanaryArrival) => Promise<void>;
  };
  readonly clock: Clock;
  readonly newId: () => string;
  /** Milliseconds that it needs. */
  readonly room: number;
}

/** As user code fails: it is charged to the event. */
export class CanaryFailure extends Error {
  override name = 'CanaryFailure';
}

export const answerTo = (orders: CanaryOrders | undefined, userId: unknown, now: number): CanaryAnswer => {
  if (orders === undefined || orders.until <= now) return 'take';
  const { users } = orders;
  return users === undefined || users.some((user) => user === userId) ? orders.answer : 'take';
};

const whole = (verdict: Verdict) => ({ kind: 'whole', verdict }) as const;

export const canarySender = ({ store, clock, newId, room }: CanaryDeps): Sender => ({
  batch: 1,
  send: async ([event], timeLeft) => {
    if (event === undefined || timeLeft() < room) return undefined;
    const { messageId, userId } = event.content;
    const { orders } = await store.readSettings();
    switch (answerTo(orders, userId, clock())) {
      case 'throw':
        throw new CanaryFailure('the canary was ordered to fail');
      case 'refuse':
        return whole({ kind: 'retry', reason: 'the canary was ordered to refuse' });
      case 'take': {
        const sent = readCanaryMessageId(messageId);
        if (sent !== undefined)
          await store.addArrival(sent.run, { id: messageId, delivery: newId(), at: clock() });
        return whole({ kind: 'delivered' });
      }
    }
  },
});
