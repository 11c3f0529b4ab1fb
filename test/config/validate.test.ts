import { describe, expect, it } from '@jest/globals';
import { validateConfig, type PipelineConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const withDestination = (change: object): unknown => ({
  ...minimal,
  destinations: [{ ...minimal.destinations[0], ...change }],
});
const withSource = (source: object): unknown => ({ ...minimal, sources: [source] });

describe('a valid configuration', () => {
  it('gets every default, and durations in milliseconds', () => {
    expect(validateConfig(minimal)).toEqual({
      sources: [{ id: 'web', enabled: true, orderBy: 'auto', writeKeys: ['key'] }],
      destinations: [
        {
          id: 'crm',
          type: 'webhook',
          method: 'POST',
          shareBatches: false,
          url: 'https://example.com/hook',
          headers: {},
          batch: 1,
          maxConcurrency: 10,
          allowPrivateNetwork: false,
          enabled: true,
        },
      ],
      timing: {
        ingestDeadline: 15_000,
        routerTimeout: 30_000,
        routerVisibility: 180_000,
        deliverTimeout: 60_000,
        deliverVisibility: 360_000,
        requestTimeout: 10_000,
        minBackoff: 1_000,
        refusalDelay: 10_000,
        maxBackoff: 300_000,
      },
      degradedMode: {
        redriveThreshold: 5,
        redriveShare: 0.05,
        window: 300_000,
        crashes: 3,
        pause: 300_000,
        maxPause: 3_600_000,
        recoverAfter: 20,
        breakerFailures: 20,
        breakerTime: 120_000,
        stallAfter: 600_000,
        ownAfter: 3,
        parkAfter: 900_000,
        spillAfter: 604_800_000,
        spillBacklog: 60_000,
        maxDrainBackoff: 3_600_000,
      },
      alerts: { emails: [], urls: [], unusualVolume: false },
      canary: false,
      ingest: {
        rateLimit: 1_000,
        burstLimit: 2_000,
        maxKeysPerRequest: 5_000,
        accessLog: { ip: 'full' },
      },
      records: {},
      router: { maxConcurrency: 50 },
    });
  });

  it('may have no destination yet', () => {
    expect(validateConfig({ ...minimal, destinations: [] }).destinations).toEqual([]);
  });

  it('deduplicates only if configured', () => {
    expect(validateConfig(minimal).deduplication).toBeUndefined();
    expect(validateConfig({ ...minimal, deduplication: {} }).deduplication).toEqual({
      window: 3_600_000,
      maxIds: 200,
    });
    const most = { window: '7 days', maxIds: 2_000 };
    expect(validateConfig({ ...minimal, deduplication: most }).deduplication).toEqual({
      window: 604_800_000,
      maxIds: 2_000,
    });
  });

  it('may rotate write keys, and name secrets', () => {
    const headers = { authorization: { secretName: 'crm-token' }, 'x-team': 'web' };
    const config: PipelineConfig = {
      sources: [{ id: 'web', writeKeys: ['old', 'new'] }],
      destinations: [
        {
          id: 'crm',
          type: 'webhook',
          url: 'https://example.com/hook',
          headers,
          signingSecret: { secretName: 'crm-signing' },
        },
      ],
    };
    const { sources, destinations } = validateConfig(config);
    expect(sources[0]?.writeKeys).toEqual(['old', 'new']);
    expect(destinations[0]).toMatchObject({ headers });
  });
});

describe('a mistake gives one line, with the path of the key and the fix', () => {
  it.each<[string, unknown, string]>([
    ['not an object', 'x', 'the configuration: expected an object'],
    ['no sources', { destinations: [] }, 'sources: is missing'],
    ['an empty list of sources', { ...minimal, sources: [] }, 'sources: is empty; name at least one source'],
    ['sources that are not a list', { ...minimal, sources: {} }, 'sources: expected a list of sources'],
    ['a source that is not an object', { ...minimal, sources: ['web'] }, 'sources[0]: expected an object'],
    ['an unknown key', { ...minimal, source: [] }, 'source: unknown key; check its spelling, or remove it'],
    [
      'an unknown key inside',
      withDestination({ maxConcurency: 3 }),
      'destinations[0].maxConcurency: unknown key; check its spelling, or remove it',
    ],
    [
      'a bad id',
      withSource({ id: 'My Web', writeKey: 'k' }),
      'sources[0].id: "My Web" is not an id; use lower-case letters, digits and dashes, a letter first, at most 32',
    ],
    ['no write key', withSource({ id: 'web' }), 'sources[0]: set exactly one of writeKey and writeKeys'],
    [
      'two kinds of write key',
      withSource({ id: 'web', writeKey: 'a', writeKeys: ['b'] }),
      'sources[0]: set exactly one of writeKey and writeKeys',
    ],
    [
      'a write key that basic auth cannot carry',
      withSource({ id: 'web', writeKey: 'a:b' }),
      'sources[0].writeKey: is not a write key; use 1 to 256 visible ASCII characters without a colon',
    ],
    [
      'a bad URL',
      withDestination({ url: 'example.com/hook' }),
      'destinations[0].url: "example.com/hook" is not an http(s) URL; use for example "https://example.com/hook"',
    ],
    [
      'a URL of another protocol',
      withDestination({ url: 'ftp://example.com' }),
      'destinations[0].url: "ftp://example.com" is not an http(s) URL; use for example "https://example.com/hook"',
    ],
    [
      'a password in a URL',
      withDestination({ url: 'https://me:secret@example.com' }),
      'destinations[0].url: has a user name or password in it; put them in headers.authorization as { secretName: "..." }',
    ],
    [
      'no URL',
      { ...minimal, destinations: [{ id: 'crm', type: 'webhook' }] },
      'destinations[0].url: is missing',
    ],
    [
      'an unknown type',
      withDestination({ type: 'kafka' }),
      'destinations[0].type: "kafka" is not a destination type; use "webhook", "sqs", "kinesis", "lambda" or "eventbridge"',
    ],
    [
      'an unknown source',
      withDestination({ sources: ['web', 'app'] }),
      'destinations[0].sources[1]: there is no source "app"; the sources are web',
    ],
    [
      'a header that is set by Sluice',
      withDestination({ headers: { 'User-Agent': 'me' } }),
      'destinations[0].headers.User-Agent: "User-Agent" is set by Sluice itself; remove it',
    ],
    [
      'an invalid header value',
      withDestination({ headers: { authorization: 3 } }),
      'destinations[0].headers.authorization: expected a header value: a string, or { secretName: "..." }',
    ],
    [
      'too large a batch',
      withDestination({ batch: 5_000 }),
      'destinations[0].batch: 5000 is too large; use 1 to 1000',
    ],
    [
      "a concurrency below Lambda's range",
      withDestination({ maxConcurrency: 1 }),
      'destinations[0].maxConcurrency: 1 is too small; use 2 to 1000',
    ],
    [
      'an invalid duration',
      { ...minimal, timing: { routerTimeout: 'soon' } },
      'timing.routerTimeout: "soon" is not a length of time; use for example "5 minutes"',
    ],
    [
      'a duration without a unit',
      { ...minimal, timing: { routerTimeout: 30 } },
      'timing.routerTimeout: expected a length of time such as "5 minutes"',
    ],
    [
      'a duration out of range',
      { ...minimal, timing: { ingestDeadline: '1 minute' } },
      'timing.ingestDeadline: "1 minute" is out of range; use 100ms to 25s',
    ],
    [
      'a visibility that does not fit its timeout',
      { ...minimal, timing: { routerTimeout: '60s' } },
      'timing.routerVisibility: must be at least 360 seconds, 6 times timing.routerTimeout',
    ],
    ['deduplication as a boolean', { ...minimal, deduplication: true }, 'deduplication: expected an object'],
    [
      'a window of deduplication out of range',
      { ...minimal, deduplication: { window: '8 days' } },
      'deduplication.window: "8 days" is out of range; use 1m to 7d',
    ],
    [
      'more remembered ids than an item should hold',
      { ...minimal, deduplication: { maxIds: 5_000 } },
      'deduplication.maxIds: 5000 is too large; use 1 to 2000',
    ],
    [
      'a destination that is called router',
      withDestination({ id: 'router' }),
      'destinations[0].id: "router" is the name of a part of the pipeline itself; use another id',
    ],
  ])('%s', (_, config, line) => {
    expect(mistakes(config)).toEqual([`sluice.config.ts: ${line}`]);
  });

  it('a duplicate id', () => {
    const [source] = minimal.sources;
    const [destination] = minimal.destinations;
    expect(mistakes({ ...minimal, sources: [source, { ...source, writeKey: 'other' }] })).toEqual([
      'sluice.config.ts: sources[1].id: the same id as sources[0].id; each must be unique',
    ]);
    expect(mistakes({ ...minimal, destinations: [destination, destination] })).toEqual([
      'sluice.config.ts: destinations[1].id: the same id as destinations[0].id; each must be unique',
    ]);
  });

  it('a write key of two sources, which is not repeated in the message', () => {
    const sources = [
      { id: 'web', writeKey: 'top-secret' },
      { id: 'app', writeKeys: ['top-secret'] },
    ];
    expect(mistakes({ ...minimal, sources })).toEqual([
      'sluice.config.ts: sources[1]: the same write key as sources[0]; each must be unique',
    ]);
  });

  it('several mistakes give several lines', () => {
    const config = {
      sources: [{ id: 'Web', writeKey: 'k' }],
      destinations: [{ id: 'crm', type: 'webhook', url: 'nowhere', batch: 0 }],
    };
    expect(mistakes(config)).toEqual([
      expect.stringMatching(/^sluice\.config\.ts: sources\[0\]\.id: "Web" is not an id/),
      expect.stringMatching(/^sluice\.config\.ts: destinations\[0\]\.url: "nowhere" is not an http/),
      'sluice.config.ts: destinations[0].batch: 0 is too small; use 1 to 1000',
    ]);
  });
});
