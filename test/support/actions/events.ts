/** Events as RudderStack's SDKs send them. */
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';

const common = {
  userId: 'ada',
  anonymousId: 'a-1',
  originalTimestamp: '2026-01-01T00:00:00.000Z',
  timestamp: '2026-01-01T00:00:00.000Z',
  receivedAt: '2026-01-01T00:00:01.000Z',
  request_ip: '203.0.113.9',
  channel: 'web',
};
const context = {
  library: { name: 'RudderLabs JavaScript SDK', version: '3.0.0' },
  userAgent: 'Mozilla/5.0 (Macintosh) Chrome/120',
  page: { url: 'https://shop.example/p', path: '/p', title: 'P' },
  traits: { email: 'ada@example.com', firstName: 'Ada', plan: 'pro' },
};

export const track = (
  messageId: string,
  event = 'Signed Up',
  properties: object = { plan: 'pro' },
): SluiceEvent =>
  ({ ...common, context, type: 'track', messageId, event, properties }) as unknown as SluiceEvent;

export const purchase = (messageId: string): SluiceEvent =>
  track(messageId, 'Order Completed', {
    order_id: 'o-1',
    currency: 'EUR',
    revenue: 12.5,
    total: 12.5,
    products: [{ product_id: 'p-1', name: 'Pen', price: 12.5, quantity: 1 }],
  });

/** Its traits are in its context, as RudderStack's SDKs have them. */
export const identify = (messageId: string): SluiceEvent => ({
  ...common,
  context,
  type: 'identify',
  messageId,
});

export const page = (messageId: string): SluiceEvent => ({
  ...common,
  context,
  type: 'page',
  messageId,
  name: 'Home',
  properties: { url: 'https://shop.example/p', path: '/p', title: 'P' },
});
