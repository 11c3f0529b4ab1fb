/**
 * A webhook, and an archive of everything that it was sent, from which it can be sent again. From the project's root:
 *
 *     npx cdk synth --app 'npx tsx examples/webhook-archive/app.ts'
 */
import { App, Stack } from 'aws-cdk-lib';
import { EventPipeline } from '../../lib/index.ts';

const app = new App();
const stack = new Stack(app, 'Archived');

new EventPipeline(stack, 'Events', {
  sources: [{ id: 'web', writeKey: 'replace-this-web-key' }],
  destinations: [
    {
      id: 'crm',
      type: 'webhook',
      // On this machine it is one that `npx sluice dev` stands in for.
      url: process.env['CRM_URL'] ?? 'https://crm.example.com/events',
      batch: 20,
      // The archive has all events, whatever a destination's filter says.
      filter: { type: { $in: ['track', 'identify'] } },
    },
  ],
  archive: { days: 400 },
});
