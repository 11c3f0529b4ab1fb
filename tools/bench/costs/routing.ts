/** What the rules of who gets an event cost the router, an event and a destination, and the hash by which it knows one again. */
import type { RoutingSettings } from '../../../contract/settings.ts';
import type { SluiceEvent } from '../../../lambdas/core/event/event.ts';
import { judgeOf } from '../../../lambdas/core/event/recipients.ts';
import { hashesOf } from '../../../lambdas/router/taken.ts';
import { trackEvent } from '../event.ts';
import type { Way } from './measure.ts';

const EVENTS = 100;

const events: readonly SluiceEvent[] = Array.from({ length: EVENTS }, (_, i) => ({
  ...trackEvent(`bench-${i}`, i),
  integrations: { All: true, Facebook: false },
  context: {
    consentManagement: {
      provider: 'oneTrust',
      allowedConsentIds: ['C0002'],
      deniedConsentIds: ['C0001', 'C0003'],
    },
  },
}));

const judging = (name: string, settings: RoutingSettings): Way => {
  const judge = judgeOf({ id: 'crm', ...settings });
  return {
    name,
    events: EVENTS,
    work: () => {
      for (const event of events) {
        if (judge(event, event) !== undefined) throw new Error(`the benchmark sends what ${name} withholds`);
      }
    },
  };
};

const made = events.map((event, place) => ({ accepted: event, output: event, place }));

export const ROUTING_WAYS: readonly Way[] = [
  judging('integrations', {}),
  judging('integrations and consent', {
    consentManagement: [{ provider: 'oneTrust', consents: ['C0002', 'C0004'], resolutionStrategy: 'or' }],
  }),
  judging('integrations and a filter of four conditions', {
    filter: {
      type: { $in: ['track', 'identify'] },
      'properties.revenue': { $gte: 100 },
      'properties.currency': { $exists: true },
      'properties.products': '4712',
    },
  }),
  {
    name: 'the hash, when a queue could not be written',
    events: EVENTS,
    work: () => {
      hashesOf(made, 0, EVENTS);
    },
  },
];
