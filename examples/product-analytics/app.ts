/**
 * Amplitude and Google Analytics 4 of Segment's catalogue, and Slack for what people should see. From the project's root:
 *
 *     npx cdk synth --app 'npx tsx examples/product-analytics/app.ts'
 */
import { App, Stack } from 'aws-cdk-lib';
import { EventPipeline } from '../../lib/index.ts';

const app = new App();
const stack = new Stack(app, 'Analytics');

new EventPipeline(stack, 'Events', {
  baseDir: import.meta.dirname,
  sources: [{ id: 'web', writeKey: 'replace-this-web-key' }],
  destinations: [
    {
      // By its presets.
      id: 'amplitude',
      type: 'actions',
      destination: 'amplitude',
      settings: {
        apiKey: { secretName: 'amplitude/key' },
        secretKey: { secretName: 'amplitude/secret' },
        endpoint: 'europe',
      },
      // Users who denied it in a cookie banner of OneTrust are left out.
      consentManagement: [{ provider: 'oneTrust', consents: ['C0002'] }],
    },
    {
      // It has no presets: each event goes to an action of its own.
      id: 'ga4',
      type: 'actions',
      destination: 'google-analytics-4',
      settings: { measurementId: 'G-REPLACE', apiSecret: { secretName: 'ga4/secret' } },
      subscriptions: [
        { action: 'pageView', subscribe: 'type = "page"' },
        { action: 'purchase', subscribe: 'type = "track" and event = "Order Completed"' },
        {
          action: 'customEvent',
          subscribe: 'type = "track" and event != "Order Completed"',
          mapping: { lowercase: true, params: { '@path': '$.properties' } },
        },
      ],
    },
    {
      id: 'signups',
      type: 'actions',
      destination: 'slack',
      subscriptions: [
        {
          action: 'postToChannel',
          subscribe: 'type = "track" and event = "Signed Up"',
          mapping: {
            url: { secretName: 'slack/signups' },
            text: { '@template': '{{context.traits.email}} signed up' },
            username: 'Sluice',
          },
        },
      ],
    },
  ],
});
