/** Destinations of the catalogue that are exercised, how they are configured, and what their services must get. */
import type { SluiceEvent } from '../../lambdas/core/event/event.ts';
import type { Written } from '../support/actions/bundled.ts';
import { identify, purchase, track } from '../support/actions/events.ts';
import type { Recorded, Said } from '../support/actions/recorder.ts';

export interface Case {
  readonly written: Written;
  /** Values of secrets that are of a form of their own. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly event: SluiceEvent;
  /** The service's host. */
  readonly host: string;
  /** Texts in the last request: in its path, headers or body. */
  readonly has: readonly string[];
  /** What the service answers, where its answer matters. */
  readonly answer?: (request: Recorded) => Said;
}

const secret = (secretName: string) => ({ secretName });

export const CASES: readonly Case[] = [
  {
    written: {
      destination: 'amplitude',
      settings: { apiKey: secret('key'), secretKey: secret('secret') },
    },
    event: track('m-1'),
    host: 'api2.amplitude.com',
    has: ['value-of-key', 'Signed Up', '"insert_id":"m-1"'],
  },
  {
    written: {
      destination: 'mixpanel',
      settings: { projectToken: 'token-1', apiSecret: secret('secret') },
    },
    event: track('m-1'),
    host: 'api.mixpanel.com',
    has: ['Signed Up', '"$insert_id":"m-1"'],
  },
  {
    written: {
      destination: 'google-analytics-4',
      settings: { measurementId: 'G-1', apiSecret: secret('secret') },
      subscriptions: [
        {
          action: 'customEvent',
          subscribe: 'type = "track"',
          mapping: { clientId: { '@path': '$.anonymousId' } },
        },
      ],
    },
    event: track('m-1', 'signed_up'),
    host: 'www.google-analytics.com',
    has: ['measurement_id=G-1', 'api_secret=value-of-secret', '"client_id":"a-1"', 'signed_up'],
  },
  {
    written: {
      destination: 'posthog',
      settings: { api_key: secret('key'), project_id: '7', endpoint: 'https://eu.i.posthog.com' },
    },
    event: track('m-1'),
    host: 'eu.i.posthog.com',
    has: ['Signed Up', '"distinct_id":"ada"', 'value-of-key'],
  },
  {
    written: {
      destination: 'hubspot',
      oauth: { accessToken: secret('token') },
      subscriptions: [
        {
          action: 'sendCustomBehavioralEvent',
          subscribe: 'type = "track"',
          mapping: { eventName: 'pe1_signed_up' },
        },
      ],
    },
    event: track('m-1'),
    host: 'api.hubapi.com',
    has: ['Bearer value-of-token', 'pe1_signed_up', 'ada@example.com'],
  },
  {
    written: {
      destination: 'braze',
      settings: { api_key: secret('key'), endpoint: 'https://rest.fra-01.braze.eu' },
    },
    event: track('m-1'),
    host: 'rest.fra-01.braze.eu',
    has: ['Bearer value-of-key', '/users/track', '"external_id":"ada"', 'Signed Up'],
  },
  {
    written: {
      destination: 'customerio',
      settings: { siteId: secret('site'), apiKey: secret('key') },
    },
    event: track('m-1'),
    host: 'track.customer.io',
    has: ['Basic ', 'Signed Up', '"id":"ada"'],
  },
  {
    written: {
      destination: 'slack',
      subscriptions: [
        {
          action: 'postToChannel',
          subscribe: 'type = "track" and event = "Signed Up"',
          mapping: { url: secret('hook'), text: { '@template': '{{userId}} signed up' } },
        },
      ],
    },
    secrets: { hook: 'https://hooks.slack.com/services/T0/B0/abcdef' },
    event: track('m-1'),
    host: 'hooks.slack.com',
    has: ['/services/T0/B0/abcdef', 'ada signed up'],
  },
  {
    written: {
      destination: 'webhook',
      settings: { sharedSecret: secret('shared') },
      subscriptions: [
        { action: 'send', subscribe: 'type = "track"', mapping: { url: 'https://hook.example/in' } },
      ],
    },
    event: track('m-1'),
    host: 'hook.example',
    has: ['/in', 'x-signature', '"messageId":"m-1"'],
  },
  {
    written: {
      destination: 'facebook-conversions-api',
      settings: { pixelId: '123' },
      env: { ACTIONS_FB_CAPI_SYSTEM_USER_TOKEN: secret('token') },
      subscriptions: [
        {
          action: 'purchase2',
          subscribe: 'type = "track" and event = "Order Completed"',
          mapping: { action_source: 'website' },
        },
      ],
    },
    event: purchase('m-1'),
    host: 'graph.facebook.com',
    has: ['Bearer value-of-token', '/123/events', 'Purchase', '"event_id":"m-1"'],
  },
  {
    written: {
      destination: 'intercom',
      oauth: { accessToken: secret('token') },
      subscriptions: [{ action: 'trackEvent', subscribe: 'type = "track"', mapping: {} }],
    },
    event: track('m-1'),
    host: 'api.intercom.io',
    has: ['Bearer value-of-token', 'Signed Up', '"user_id":"ada"'],
  },
  {
    written: { destination: 'iterable', settings: { apiKey: secret('key') } },
    event: identify('m-1'),
    host: 'api.iterable.com',
    has: ['ada@example.com', '"plan":"pro"'],
  },
  {
    written: {
      destination: 'klaviyo',
      settings: { api_key: secret('key') },
      subscriptions: [
        {
          action: 'trackEvent',
          subscribe: 'type = "track"',
          mapping: { profile: { email: { '@path': '$.context.traits.email' } } },
        },
      ],
    },
    event: track('m-1'),
    host: 'a.klaviyo.com',
    has: ['ada@example.com', 'Signed Up', '"unique_id":"m-1"'],
  },
];
