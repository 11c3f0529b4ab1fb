import { expect, it } from '@jest/globals';
import { validateConfig, type PipelineConfig } from '../../config/index.ts';

const config = (rateLimit: unknown, ingest: unknown = {}): PipelineConfig =>
  ({ sources: [{ id: 'web', writeKey: 'k', rateLimit }], destinations: [], ingest }) as PipelineConfig;

it('has a burst of ten seconds unless it says another', () => {
  const [source] = validateConfig(config({ eventsPerSecond: 20 })).sources;
  expect(source?.rateLimit).toEqual({ eventsPerSecond: 20, burst: 200 });
  const [other] = validateConfig(config({ eventsPerSecond: 20, burst: 5 })).sources;
  expect(other?.rateLimit).toEqual({ eventsPerSecond: 20, burst: 5 });
  expect(validateConfig(config(undefined)).sources[0]).not.toHaveProperty('rateLimit');
});

it.each<[unknown, unknown, string]>([
  [{}, {}, 'sources[0].rateLimit.eventsPerSecond'],
  [{ eventsPerSecond: 0 }, {}, 'sources[0].rateLimit.eventsPerSecond: 0 is too small; use 1 to 100000'],
  [{ eventsPerSecond: 1, burst: 0 }, {}, 'sources[0].rateLimit.burst: 0 is too small'],
  [{ eventsPerSecond: 1, perSecond: 1 }, {}, 'sources[0].rateLimit.perSecond'],
  [
    { eventsPerSecond: 1 },
    { maxKeysPerRequest: 20_001 },
    'ingest.maxKeysPerRequest: 20001 is too large; use 1 to 20000',
  ],
])('%j with %j names the key', (rateLimit, ingest, message) => {
  expect(() => validateConfig(config(rateLimit, ingest))).toThrow(message);
});
