/** One event of each type, as ingest passes it on: what `sluice check` runs when nothing else is given. */
import type { CheckedEvent } from '../../contract/transform-check.ts';

const AT = '2026-01-15T09:30:00.000Z';

/** What SDKs and ingest put on every event. */
const sample = (type: string, more: Readonly<Record<string, unknown>>): CheckedEvent => ({
  messageId: `sample-${type}`,
  type,
  channel: 'web',
  anonymousId: '5f0c6a5e-0d0b-4f0e-9a53-2f6d1c7b8e11',
  userId: 'ada',
  ...more,
  context: {
    app: { name: 'Shop', version: '1.4.0' },
    library: { name: 'RudderLabs JavaScript SDK', version: '3.34.1' },
    locale: 'en-GB',
    page: { path: '/pricing', title: 'Pricing', url: 'https://shop.example.com/pricing' },
    timezone: 'GMT+0100',
    traits: { email: 'ada@example.com', name: 'Ada Lovelace' },
    userAgent: 'Mozilla/5.0',
  },
  integrations: { All: true },
  originalTimestamp: AT,
  sentAt: AT,
  timestamp: AT,
  receivedAt: AT,
  request_ip: '203.0.113.7',
  rudderId: '6f1c1f62-7c5b-4b57-8d0c-1f2f3a4b5c6d',
});

export const SAMPLES: readonly CheckedEvent[] = [
  sample('track', {
    event: 'Order Completed',
    properties: {
      order_id: 'o-1001',
      total: 27.5,
      currency: 'EUR',
      products: [{ sku: 'G-32', quantity: 1 }],
    },
  }),
  sample('identify', { traits: { email: 'ada@example.com', name: 'Ada Lovelace', plan: 'pro' } }),
  sample('page', {
    name: 'Pricing',
    category: 'Marketing',
    properties: { path: '/pricing', url: 'https://shop.example.com/pricing' },
  }),
  sample('screen', { name: 'Account', channel: 'mobile', properties: { tab: 'orders' } }),
  sample('group', { groupId: 'initech', traits: { name: 'Initech', employees: 40 } }),
  sample('alias', { previousId: 'visitor-1' }),
];
