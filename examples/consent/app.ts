/**
 * Three sources, and destinations that get an event only if its user has not denied what they are for. From the project's root:
 *
 *     npx cdk synth --app 'npx tsx examples/consent/app.ts'
 */
import { App, Stack } from 'aws-cdk-lib';
import { EventPipeline } from '../../lib/index.ts';

const app = new App();
const stack = new Stack(app, 'Consent');

/** What the user agrees to on the site is one of OneTrust's groups; in the app it is a purpose of a dialog of your own. */
const needs = (group: string, purpose: string) => [
  { provider: 'oneTrust' as const, consents: [group] },
  { provider: 'custom' as const, consents: [purpose] },
];

new EventPipeline(stack, 'Events', {
  sources: [
    { id: 'site', writeKey: 'replace-this-site-key' },
    { id: 'app', writeKey: 'replace-this-app-key' },
    { id: 'backend', writeKey: 'replace-this-backend-key' },
  ],
  destinations: [
    {
      id: 'analytics',
      type: 'webhook',
      url: 'https://analytics.example.com/events',
      sources: ['site', 'app'],
      consentManagement: needs('C0002', 'analytics'),
    },
    {
      id: 'ads',
      type: 'webhook',
      url: 'https://ads.example.com/conversions',
      sources: ['site', 'app'],
      consentManagement: needs('C0004', 'advertising'),
      filter: { type: 'track', event: { $in: ['Order Completed', 'Signed Up'] } },
    },
    // The books need no consent: they get what the back end says, and nothing of a browser.
    { id: 'books', type: 'webhook', url: 'https://books.example.com/orders', sources: ['backend'] },
  ],
});
