/** `alerts`: where alarms are sent. */
import * as v from 'valibot';
import { hostOf } from './networks.ts';
import { duration, got, httpUrl, parseUrl, secret } from './values.ts';

/** The largest number of addresses, and of URLs, that alarms are sent to: a list or a relay reaches more. */
export const MAX_SUBSCRIBERS = 5;

/** Their URLs are keys: anyone who knows one can page. */
const PAGER_HOST = /(^|\.)(pagerduty|victorops)\.com$/i;

const alertUrl = v.union(
  [
    v.pipe(
      httpUrl('https://example.com/alerts', 'put the whole URL in a secret: { secretName: "..." }'),
      // The URL is not repeated in the message.
      v.check(
        (value) => !PAGER_HOST.test(parseUrl(value) === undefined ? '' : hostOf(value)),
        'has a key in it; put the whole URL in a secret, and name that as alerts.pagerDuty or alerts.victorOps',
      ),
    ),
    secret,
  ],
  'expected a URL, or { secretName: "..." }',
);

const subscribers = `has more than ${MAX_SUBSCRIBERS}; use a mailing list, or a program that passes them on`;

/** The pagers' secrets hold the whole URL that the provider gives for CloudWatch, key included. */
export const alerts = v.strictObject({
  /** PagerDuty's CloudWatch integration: https://events.pagerduty.com/integration/<key>/enqueue */
  pagerDuty: v.optional(secret),
  /** Splunk On-Call's: https://alert.victorops.com/integrations/cloudwatch/20131130/alert/<key>/<routing key> */
  victorOps: v.optional(secret),
  /** Deployments as PagerDuty's change events: the secret has the integration key of an integration Events API V2. */
  changes: v.optional(secret),
  /** Addresses that get a mail; each must confirm the subscription that AWS sends. */
  emails: v.optional(
    v.pipe(
      v.array(
        v.pipe(v.string('expected an address, a string'), v.email(got('is not an e-mail address'))),
        'expected a list of addresses',
      ),
      v.maxLength(MAX_SUBSCRIBERS, subscribers),
    ),
    [],
  ),
  /** Any service that takes Amazon SNS's notifications over HTTP. A secret holds the whole URL, which must be https. */
  urls: v.optional(
    v.pipe(v.array(alertUrl, 'expected a list of URLs'), v.maxLength(MAX_SUBSCRIBERS, subscribers)),
    [],
  ),
  /** Pages when no event was accepted for as long; whole periods of five minutes. Default: silence is nothing unusual. */
  noEventsFor: v.optional(duration('10m', '1d')),
  /** Notifies of half an hour with far more or far fewer events than CloudWatch has learned to expect. */
  unusualVolume: v.optional(v.boolean('expected true or false'), false),
});
