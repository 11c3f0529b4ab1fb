/** The canary's receiver: what a webhook would be, in the function itself. It records what it takes, and answers as it was ordered. */
import {
  readCanaryMessageId,
  type CanaryAnswer,
  type CanaryArrival,
  type CanaryOrders,
} from '../../contract/canary.ts';
import type { Clock } from '../core/base/clock.ts';
import type { HttpClient, Reply } from './http-client.ts';

export interface CanaryReceiverDeps {
  readonly store: {
    /** @throws InfraFault */
    readonly readSettings: () => Promise<{ readonly orders?: CanaryOrders }>;
    /** @throws InfraFault */
    readonly addArrival: (run: string, arrival: CanaryArrival) => Promise<void>;
  };
  readonly clock: Clock;
  readonly newId: () => string;
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

const answered = (status: number, body: string): Reply => ({ kind: 'answer', status, headers: {}, body });

export const canaryReceiver =
  ({ store, clock, newId }: CanaryReceiverDeps): HttpClient =>
  async ({ body }) => {
    const event = JSON.parse(body) as { readonly messageId?: unknown; readonly userId?: unknown };
    const { orders } = await store.readSettings();
    switch (answerTo(orders, event.userId, clock())) {
      case 'throw':
        throw new CanaryFailure('the canary was ordered to fail');
      case 'refuse':
        return answered(503, 'the canary was ordered to refuse');
      case 'take': {
        const id = String(event.messageId);
        const sent = readCanaryMessageId(id);
        if (sent !== undefined) await store.addArrival(sent.run, { id, delivery: newId(), at: clock() });
        return answered(200, 'ok');
      }
    }
  };
