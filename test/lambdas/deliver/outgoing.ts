/** Events on their way to a destination that is a resource of AWS, and what becomes of them. */
import { expect } from '@jest/globals';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import type { Outgoing } from '../../../lambdas/deliver/destinations/sender.ts';

export const event = (id: string, more: Partial<SluiceEvent> = {}): SluiceEvent => ({
  messageId: id,
  ...more,
});
export const outgoing = (content: SluiceEvent, key = 'ada', place = content.messageId): Outgoing => ({
  sourceId: 'web',
  key,
  place,
  content,
});
export const named = (name: string, message = 'said'): Error => Object.assign(new Error(message), { name });

export const DELIVERED = { kind: 'delivered' };
export const rejected = (reason: string) => ({ kind: 'rejected', reason: expect.stringContaining(reason) });
export const retry = (reason: string) => ({ kind: 'retry', reason: expect.stringContaining(reason) });
