/** What AWS allows of a stack, for the largest configuration and the longest names. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { MAX_SUBSCRIBERS } from '../../config/alerts-schema.ts';
import { MAX_DESTINATIONS, MAX_DESTINATIONS_OF_STACK } from '../../config/schema.ts';
import { environment } from './example.ts';
import { ARN, environmentSize, longest } from './longest.ts';
import { minimal, ofType, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const largest = synthesize({
  ...minimal,
  destinations: Array.from({ length: MAX_DESTINATIONS_OF_STACK }, (_, i) => ({
    // 32 characters, the most that an id has.
    id: `destination-${'x'.repeat(18)}${String(i).padStart(2, '0')}`,
    type: 'webhook',
    url: 'https://example.com',
    headers: { authorization: { secretName: 'token' } },
  })),
  alerts: {
    pagerDuty: { secretName: 'pagerduty' },
    victorOps: { secretName: 'victorops' },
    emails: Array.from({ length: MAX_SUBSCRIBERS }, (_, i) => `ops${i}@example.com`),
    urls: Array.from({ length: MAX_SUBSCRIBERS }, (_, i) => `https://example.com/${i}`),
  },
});

describe('the largest configuration of one stack', () => {
  it('fits a stack, and leaves room for other resources', () => {
    expect(Object.keys(largest.resources).length).toBeLessThanOrEqual(490);
    expect(Object.keys(largest.template.findOutputs('*')).length).toBeLessThanOrEqual(200);
    // As it is uploaded, indented.
    expect(JSON.stringify(largest.template.toJSON(), undefined, 1).length).toBeLessThan(1_000_000);
  });

  it('is the largest: it refuses one more destination', () => {
    const destination = { id: 'one-more', type: 'webhook', url: 'https://example.com' } as const;
    const destinations = Array.from({ length: MAX_DESTINATIONS + 1 }, (_, i) => ({
      ...destination,
      id: `d${i}`,
    }));
    expect(() => synthesize({ ...minimal, destinations })).toThrow(
      `destinations: has more than ${MAX_DESTINATIONS}; deploy a second pipeline for the rest`,
    );
  });

  it.each(['Router', 'Control', 'Ingest', `Destination-destination-${'x'.repeat(18)}00`])(
    '%s: its environment fits the 4 KB of Lambda, with the longest names',
    (place) => {
      const size = environmentSize(environment(largest, place), longest(largest.resources));
      expect(size).toBeLessThanOrEqual(4096);
    },
  );

  it("control's permissions fit: what a role's own policy cannot hold is in further ones", () => {
    const sizes = [
      ...ofType(largest, 'AWS::IAM::Policy').map(([, resource]) => ({ ...resource, limit: 10_240 })),
      ...ofType(largest, 'AWS::IAM::ManagedPolicy').map(([, resource]) => ({ ...resource, limit: 6_144 })),
    ].map(({ Properties, limit }) => {
      const text = JSON.stringify(Properties['PolicyDocument'], (_, value: unknown) =>
        typeof value === 'object' && value !== null && /^(Ref|Fn::)/.test(Object.keys(value)[0] ?? '')
          ? // No ARN of a queue, a function or a mapping is longer.
            'x'.repeat(ARN.length + 80)
          : value,
      );
      return { size: text.length, limit };
    });
    expect(sizes.filter(({ size, limit }) => size > limit)).toEqual([]);
  });
});
