/** What a configuration says openly and should not: a line each, which is shown when it is read, and when the app is synthesized. */
import { hostOf, networkOf } from './networks.ts';
import type { WebhookSettings } from '../contract/settings.ts';
import type { ResolvedConfig } from './schema.ts';

type WebhookKeys = Pick<WebhookSettings, 'url' | 'headers'>;

export interface Exposure {
  /** The path of the key. */
  readonly key: string;
  readonly warning: string;
}

/** Names of headers and of a query's parameters that hold a credential, as a rule. */
const CREDENTIAL =
  /(^|[-_.])(api-?_?key|access-?_?key|auth|authorization|credentials?|key|passw(or)?d|pwd|secret|sig|signature|token)$/i;

/** Hosts whose URLs are keys: anyone who knows one can post. */
const KEY_HOST =
  /(^|\.)(hooks\.slack\.com|hooks\.zapier\.com|webhook\.office\.com|discord\.com|discordapp\.com)$/i;

const hasKey = (url: string): boolean =>
  KEY_HOST.test(hostOf(url)) || [...new URL(url).searchParams.keys()].some((name) => CREDENTIAL.test(name));

const isOpen = (url: string): boolean => new URL(url).protocol === 'http:' && networkOf(url) === 'public';

const inUrl = (key: string, url: string, what: string): readonly Exposure[] => [
  ...(isOpen(url)
    ? [{ key, warning: `${key}: sends ${what} in clear text over the internet; use https` }]
    : []),
  ...(hasKey(url)
    ? [
        {
          key,
          warning: `${key}: has a key in it; store the whole URL in Secrets Manager, and write { secretName: "..." }`,
        },
      ]
    : []),
];

const inWebhook = ({ url, headers }: WebhookKeys, path: string): readonly Exposure[] => [
  ...(typeof url === 'string' ? inUrl(`${path}.url`, url, 'events') : []),
  ...Object.entries(headers).flatMap(([name, value]) => {
    const key = `${path}.headers.${name}`;
    if (typeof value !== 'string' || !CREDENTIAL.test(name)) return [];
    const warning = `${key}: is written out; if it is a credential, store it in Secrets Manager, and write { secretName: "..." }`;
    return [{ key, warning }];
  }),
];

/** Texts of a mapping that are URLs: of Slack's and its like they are keys. */
const inMapping = (key: string, value: unknown): readonly Exposure[] => {
  if (typeof value === 'string')
    return /^https?:\/\//.test(value) && URL.canParse(value) ? inUrl(key, value, 'events') : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => inMapping(`${key}.${name}`, one));
};

export const exposuresOf = ({ destinations, alerts }: ResolvedConfig): readonly Exposure[] => [
  ...destinations.flatMap((one, i) => (one.type === 'webhook' ? inWebhook(one, `destinations[${i}]`) : [])),
  ...destinations.flatMap((one, i) =>
    one.type === 'actions'
      ? (one.subscriptions ?? []).flatMap(({ mapping }, s) =>
          inMapping(`destinations[${i}].subscriptions[${s}].mapping`, mapping),
        )
      : [],
  ),
  ...alerts.urls.flatMap((url, i) =>
    typeof url === 'string' ? inUrl(`alerts.urls[${i}]`, url, 'alerts') : [],
  ),
];
