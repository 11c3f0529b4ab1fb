/** Destinations of Segment's catalogue in a configuration: what is wrong with them is said at synthesis, by their own definitions. */
import { describe, expect, it } from '@jest/globals';
import { checkActions, checkCatalogue, resolveActions } from '../../config/catalogue/index.ts';
import { openLibrary } from '../../config/catalogue/library.ts';
import type { WrittenActions } from '../../config/destinations/actions.ts';
import { validateConfig } from '../../config/index.ts';
import { ROOT } from '../../local/common/settings.ts';

const secret = (secretName = 'x') => ({ secretName });
const amplitude = { destination: 'amplitude', settings: { apiKey: secret(), secretKey: secret() } };
const slack = (mapping: object, subscribe = 'type = "track"') => ({
  destination: 'slack',
  subscriptions: [
    { action: 'postToChannel', subscribe, mapping: { url: secret(), text: 'hello', ...mapping } },
  ],
});

const check = (given: object): readonly string[] => {
  const written = { settings: {}, oauth: {}, env: {}, batch: 1, ...given } as WrittenActions;
  return checkActions(written, openLibrary(ROOT));
};
const issues = (given: object): readonly string[] => {
  try {
    validateConfig({
      sources: [{ id: 'web', writeKey: 'k' }],
      destinations: [{ id: 'it', type: 'actions', ...given }],
    });
    return [];
  } catch (error) {
    return (error as { issues: readonly string[] }).issues;
  }
};

it.each([
  [amplitude],
  [
    {
      destination: 'hubspot',
      oauth: { accessToken: secret() },
      subscriptions: [{ action: 'upsertContact', subscribe: 'type = "identify"' }],
    },
  ],
  [slack({ channel: { '@path': '$.properties.channel' } })],
])('%j is right', (given) => {
  expect(issues(given)).toEqual([]);
  const subscriptions = 'subscriptions' in given ? given.subscriptions : undefined;
  expect(
    check({
      ...given,
      ...(subscriptions && { subscriptions: subscriptions.map((one) => ({ mapping: {}, ...one })) }),
    }),
  ).toEqual([]);
});

describe('of the shape', () => {
  it.each([
    [{}, 'destinations[0].destination: is missing'],
    [
      { destination: 'Amplitude!' },
      'destinations[0].destination: "Amplitude!" is not a name; npx sluice destinations lists them',
    ],
    [
      { destination: 'slack', settings: { a: null } },
      'destinations[0].settings.a: expected a text, a number, true, false, or { secretName: "..." }',
    ],
    [
      { destination: 'slack', subscriptions: [] },
      'destinations[0].subscriptions: is empty; leave it out to have the presets',
    ],
    [
      { destination: 'slack', subscriptions: [{ action: 'a', subscribe: '' }] },
      'destinations[0].subscriptions[0].subscribe: is empty; expected a query such as type = "track"',
    ],
    [
      {
        destination: 'slack',
        subscriptions: [{ action: 'a', subscribe: 'x', mapping: { a: { secretName: 'arn:x' } } }],
      },
      'destinations[0].subscriptions[0].mapping.a: expected JSON: a value, a directive such as { "@path": "$.userId" }, or { secretName: "..." }',
    ],
    [
      { destination: 'slack', env: { lower: 'x' } },
      'destinations[0].env.lower: "lower" is not the name of a variable',
    ],
    [
      { destination: 'slack', oauth: { accessToken: 'plain' } },
      'destinations[0].oauth.accessToken: expected an object',
    ],
  ])('%j', (given, line) => {
    expect(issues(given)).toContain(line);
  });
});

describe('by the definition', () => {
  it.each([
    [
      { destination: 'amplitud' },
      'destination: the catalogue has no "amplitud"; do you mean amplitude or amplitude-cohorts?; npx sluice destinations lists them',
    ],
    [
      { destination: 'segment' },
      'destination: segment works inside of Segment alone: elsewhere it sends nothing',
    ],
    [
      { destination: 'amplitude', settings: { apiKey: secret() } },
      'settings.secretKey: is missing (Secret Key: Amplitude project secret key.)',
    ],
    [
      { ...amplitude, settings: { ...amplitude.settings, apiKy: 'x' } },
      'settings.apiKy: amplitude has no such setting; it has apiKey, secretKey, endpoint',
    ],
    [
      { ...amplitude, settings: { ...amplitude.settings, apiKey: 'plain' } },
      'settings.apiKey: is a secret; store it in Secrets Manager, and write { secretName: "..." }',
    ],
    [
      { ...amplitude, settings: { ...amplitude.settings, endpoint: 'mars' } },
      'settings.endpoint: "mars" is not a choice; use "north_america", "europe"',
    ],
    [
      { ...amplitude, settings: { ...amplitude.settings, endpoint: 7 } },
      'settings.endpoint: 7 is not a string',
    ],
    [
      { ...amplitude, oauth: { accessToken: secret() } },
      'oauth: amplitude is not connected by OAuth; remove it',
    ],
    [
      { destination: 'hubspot', subscriptions: [] },
      'oauth.accessToken: is missing; hubspot is connected by OAuth: write { secretName: "..." }',
    ],
    [
      { destination: 'hubspot', oauth: { refreshToken: secret() }, subscriptions: [] },
      'oauth.clientSecret: is missing; a refresh needs it',
    ],
    [
      { destination: 'intercom', oauth: { refreshToken: secret() }, subscriptions: [] },
      'oauth.refreshToken: intercom has tokens that are not refreshed; remove it',
    ],
    [
      { destination: 'slack' },
      'subscriptions: is missing; slack has no presets, so say which events go to which of its actions: postToChannel',
    ],
    [
      slack({ txt: 'x' }),
      'subscriptions[0].mapping.txt: postToChannel has no such field; it has url, text, channel, username, icon_url',
    ],
    [
      {
        destination: 'slack',
        subscriptions: [{ action: 'postToChannel', subscribe: 'type = "track"', mapping: { text: 'x' } }],
      },
      'subscriptions[0].mapping.url: is missing; postToChannel needs it (Webhook URL)',
    ],
    [
      { destination: 'slack', subscriptions: [{ action: 'post', subscribe: 'type = "track"', mapping: {} }] },
      'subscriptions[0].action: there is no action "post"; the actions are postToChannel',
    ],
    [
      slack({ text: { '@pth': '$.event' } }),
      'subscriptions[0].mapping.text: has an invalid directive: @pth.',
    ],
    [
      { ...slack({}), subscriptions: [{ ...slack({}).subscriptions[0], syncMode: 'add' }] },
      'subscriptions[0].syncMode: postToChannel has none; remove it',
    ],
  ])('%j', (given, line) => {
    expect(check(given)).toContain(line);
  });

  it.each(['type = ', 'type == "track"', 'type = "track', '(type = "track"', 'track'])(
    'a query that is none: %s',
    (query) => {
      const [line, ...others] = check(slack({}, query));
      expect(others).toEqual([]);
      expect(line).toMatch(/^subscriptions\[0\]\.subscribe: ".*" is not a query: \S/);
    },
  );

  it('all mistakes are reported, with the place of the destination', () => {
    const config = validateConfig({
      sources: [{ id: 'web', writeKey: 'k' }],
      destinations: [
        { id: 'a', type: 'actions', destination: 'amplitude' },
        { id: 'b', type: 'actions', destination: 'slack' },
      ],
    });
    expect(() => checkCatalogue(config, ROOT, 'sluice.config.ts')).toThrow(
      /^sluice\.config\.ts: destinations\[0\]\.settings\.apiKey: .*\n.*secretKey.*\nsluice\.config\.ts: destinations\[1\]\.subscriptions: /,
    );
  });

  it('without the package', () => {
    expect(
      checkActions({ ...amplitude, oauth: {}, env: {}, subscriptions: undefined, batch: 1 }, undefined),
    ).toEqual([
      'type: needs the package @segment/action-destinations, which is not installed; npm install @segment/action-destinations',
    ]);
  });
});

describe('what is left out', () => {
  const resolve = (given: object) =>
    resolveActions({ settings: {}, oauth: {}, env: {}, batch: 1, ...given } as WrittenActions, ROOT);

  it('has the defaults of the settings, and the presets', () => {
    const { settings, subscriptions } = resolve(amplitude);
    expect(settings).toEqual({ ...amplitude.settings, endpoint: 'north_america' });
    expect(subscriptions.map(({ action }) => action)).toContain('logEventV2');
    expect(subscriptions[0]?.mapping).toMatchObject({ insert_id: { '@path': '$.messageId' } });
  });

  it("has the defaults of an action's fields, which a mapping replaces", () => {
    const [subscription] = resolve(slack({ username: 'Sluice' })).subscriptions;
    expect(subscription?.mapping).toMatchObject({
      username: 'Sluice',
      icon_url: expect.stringContaining('http') as unknown,
      url: secret(),
    });
  });

  it('does not take presets of the engine of Segment', () => {
    expect(resolve({ destination: 'klaviyo' }).subscriptions).toEqual([]);
  });
});
