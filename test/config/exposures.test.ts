/** What would let a secret out of a configuration: it is refused, or warned of, with the path of the key and what to write. */
import { describe, expect, it } from '@jest/globals';
import { exposuresOf } from '../../config/exposures.ts';
import { networkOf } from '../../config/networks.ts';
import { ConfigError, validateConfig } from '../../config/validate.ts';

const withDestination = (more: object, rest: object = {}) => ({
  sources: [{ id: 'web', writeKey: 'k' }],
  destinations: [{ id: 'crm', type: 'webhook', url: 'https://example.com/', ...more }],
  ...rest,
});

const mistakes = (config: unknown): readonly string[] => {
  try {
    validateConfig(config);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
};

const warnings = (config: unknown): readonly string[] =>
  exposuresOf(validateConfig(config)).map(({ warning }) => warning);

const SECRET = { secretName: 'crm/token' };

describe('is refused', () => {
  it.each([
    [
      { headers: { Authorization: 'Bearer x' } },
      'destinations[0].headers.Authorization: is written out; store it in Secrets Manager, and write { secretName: "..." }',
    ],
    [{ headers: { cookie: 'a=b' } }, 'destinations[0].headers.cookie: is written out'],
    [
      { url: 'http://example.com/', headers: { authorization: SECRET } },
      'destinations[0].url: would send the secret of headers.authorization in clear text over the internet; use https',
    ],
    [{ headers: { 'Keep-Alive': '1' } }, 'belongs to the connection; remove it'],
    [{ headers: { te: 'trailers' } }, 'belongs to the connection; remove it'],
    [{ headers: { a: { secretName: '*' } } }, 'is not the name of a secret'],
    [{ headers: { a: { secretName: 'crm/?' } } }, 'is not the name of a secret'],
    [{ signingSecret: { secretName: 'arn:aws:secretsmanager:eu-west-1:1:secret:x' } }, 'not its ARN'],
    [
      { allowPrivateNetwork: ['intranet'] },
      'destinations[0].allowPrivateNetwork: expected true, false, or a list of "private", "loopback" and "linkLocal"',
    ],
  ])('%j', (more, line) => {
    expect(mistakes(withDestination(more)).join('\n')).toContain(line);
  });

  it('a pager’s URL with a dot at the end of its host', () => {
    const alerts = { urls: ['https://events.pagerduty.com./integration/key/enqueue'] };
    expect(mistakes(withDestination({}, { alerts })).join('\n')).toContain('alerts.urls[0]: has a key in it');
  });
});

describe('is warned of', () => {
  it.each<[object, object, string]>([
    [
      { url: 'http://example.com/' },
      {},
      'destinations[0].url: sends events in clear text over the internet; use https',
    ],
    [
      { url: 'https://example.com/?api_key=1' },
      {},
      'destinations[0].url: has a key in it; store the whole URL in Secrets Manager, and write { secretName: "..." }',
    ],
    [{ url: 'https://hooks.slack.com/services/T/B/X' }, {}, 'destinations[0].url: has a key in it'],
    [{ url: 'https://hooks.slack.com./services/T/B/X' }, {}, 'destinations[0].url: has a key in it'],
    [
      { headers: { 'X-Api-Key': 'x' } },
      {},
      'destinations[0].headers.X-Api-Key: is written out; if it is a credential',
    ],
    [{}, { alerts: { urls: ['http://example.com/'] } }, 'alerts.urls[0]: sends alerts in clear text'],
    [{}, { alerts: { urls: ['https://example.com/?token=1'] } }, 'alerts.urls[0]: has a key in it'],
  ])('%j %j', (more, rest, line) => {
    const config = withDestination(more, rest);
    expect(mistakes(config)).toEqual([]);
    expect(warnings(config)).toEqual([expect.stringContaining(line)]);
  });
});

it.each([
  [{ url: 'https://example.com/hook?team=web', headers: { authorization: SECRET, 'x-team': 'web' } }],
  [{ url: SECRET }],
  [{ url: 'http://127.0.0.1:9000/', headers: { authorization: SECRET } }],
  [{ url: 'http://localhost.:9000/' }],
  [{ url: 'http://10.1.2.3/', headers: { authorization: SECRET }, allowPrivateNetwork: true }],
  [{ url: 'http://127.0.0.1/', allowPrivateNetwork: ['loopback', 'linkLocal'] }],
])('is nothing to be said of: %j', (more) => {
  const config = withDestination(more);
  expect(mistakes(config)).toEqual([]);
  expect(warnings(config)).toEqual([]);
});

it.each([
  ['http://localhost./', 'loopback'],
  ['http://a.localhost/', 'loopback'],
  ['http://[::1]/', 'loopback'],
  ['http://db.internal./', 'private'],
  ['http://[fd00::1]/', 'private'],
  ['http://169.254.169.254/', 'linkLocal'],
  ['http://0.0.0.0/', 'reserved'],
  ['http://example.com./', 'public'],
])('%s leads to %s', (url, network) => {
  expect(networkOf(url)).toBe(network);
});

it('a URL in a mapping that is a key', () => {
  const config = (url: unknown) => ({
    sources: [{ id: 'web', writeKey: 'k' }],
    destinations: [
      {
        id: 'chat',
        type: 'actions',
        destination: 'slack',
        subscriptions: [
          { action: 'postToChannel', subscribe: 'type = "track"', mapping: { url, text: 'x' } },
        ],
      },
    ],
  });
  expect(warnings(config('https://hooks.slack.com/services/T0/B0/x'))).toEqual([
    expect.stringContaining('destinations[0].subscriptions[0].mapping.url: has a key in it'),
  ]);
  expect(warnings(config({ secretName: 'hook' }))).toEqual([]);
  expect(warnings(config({ '@path': '$.properties.url' }))).toEqual([]);
});
