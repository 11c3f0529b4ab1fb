/** The requests by which ingest is measured: events of about 1 KB, as a page's SDK sends them, and as API Gateway hands them on. */
import type { ProxyEvent } from '../../../lambdas/ingest/request.ts';

/** Of the source in `VERSION_CONFIG`. */
export const WRITE_KEY = 'bench-write-key';

export interface RequestShape {
  readonly name: string;
  readonly events: number;
  /** Whose events they are, in turn. */
  readonly users: number;
}

/** What an SDK on a device sends, one event and a batch; and what a server's sends. */
export const SHAPES: readonly RequestShape[] = [
  { name: '1 event', events: 1, users: 1 },
  { name: '20 events of one user', events: 20, users: 1 },
  { name: '20 events of 20 users', events: 20, users: 20 },
  { name: '100 events of one user', events: 100, users: 1 },
  { name: '100 events of 20 users', events: 100, users: 20 },
];

const idOf = (n: number): string => `5c6b8f0e-9d3a-4c1e-8f7a-${String(n).padStart(12, '0')}`;

const eventOf = (n: number, user: number) => ({
  type: 'track',
  event: 'Order Completed',
  messageId: idOf(n),
  userId: `user-${user}@shop.example.com`,
  anonymousId: idOf(1_000_000 + user),
  channel: 'web',
  context: {
    app: { name: 'Shop', namespace: 'com.example.shop', version: '3.14.2' },
    library: { name: 'RudderLabs JavaScript SDK', version: '3.34.1' },
    userAgent:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
    locale: 'en-GB',
    timezone: 'GMT+0100',
    screen: { density: 2, width: 1728, height: 1117, innerWidth: 1728, innerHeight: 992 },
    page: {
      path: '/checkout/done',
      referrer: 'https://shop.example.com/checkout',
      title: 'Thank you',
      url: 'https://shop.example.com/checkout/done?order=4711',
    },
    traits: { plan: 'pro' },
    sessionId: 1_764_209_483,
  },
  properties: {
    orderId: `order-${n}`,
    revenue: 129.9,
    currency: 'EUR',
    products: [
      { sku: '4711', name: 'Running shoes', price: 99.95, quantity: 1 },
      { sku: '4712', name: 'Socks', price: 29.95, quantity: 1 },
    ],
    coupon: null,
  },
  integrations: { All: true },
  originalTimestamp: new Date(1_764_209_000_000 + n).toISOString(),
  sentAt: new Date(1_764_209_500_000).toISOString(),
});

/** The JSON of a request of this shape; each `n` is another one, so that no two are repetitions of each other. */
export const bodyOf = ({ events, users }: RequestShape, n = 0): string =>
  JSON.stringify({
    batch: Array.from({ length: events }, (_, i) => eventOf(n * events + i, i % users)),
  });

/** Every media type is binary to the gateway, so that each body arrives as base64. */
export const proxyEvent = (body: string): ProxyEvent => {
  const headers: Record<string, string> = {
    Authorization: `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`,
    'Content-Type': 'application/json',
    'User-Agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)',
    Origin: 'https://shop.example.com',
    'X-Forwarded-For': '203.0.113.7, 130.176.1.2',
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
  };
  return {
    httpMethod: 'POST',
    path: '/v1/batch',
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
    requestContext: { identity: { sourceIp: '203.0.113.7' } },
  };
};
