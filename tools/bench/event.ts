/** About 600 bytes of JSON, of the shape that a server's SDK sends. */
export const trackEvent = (messageId: string, user: number) => {
  const now = new Date().toISOString();
  return {
    type: 'track',
    event: 'Order Completed',
    messageId,
    userId: `bench-user-${user}`,
    anonymousId: `bench-device-${user}`,
    channel: 'server',
    context: {
      library: { name: 'sluice-bench', version: '1.0.0' },
      locale: 'en-GB',
      timezone: 'Europe/Vienna',
      page: { path: '/checkout/done', referrer: 'https://shop.example.com/checkout', title: 'Thank you' },
    },
    properties: {
      orderId: messageId,
      revenue: 129.9,
      currency: 'EUR',
      products: ['4711', '4712'],
      coupon: null,
    },
    integrations: { All: true },
    originalTimestamp: now,
    sentAt: now,
  };
};
