/** What AWS allows of a stack, for the largest configuration and the longest names. */
import { afterAll, describe, expect, it } from '@jest/globals';
import { MAX_SUBSCRIBERS } from '../../config/alerts-schema.ts';
import { MAX_DESTINATIONS } from '../../config/schema.ts';
import { environment } from './example.ts';
import { minimal, ofType, removeDirectories, synthesize } from './synth.ts';

afterAll(removeDirectories);

const largest = synthesize({
  ...minimal,
  destinations: Array.from({ length: MAX_DESTINATIONS }, (_, i) => ({
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

/** Longest names that CloudFormation makes up, by type; what is longer is cut. */
const NAMES: Readonly<Record<string, number>> = {
  'AWS::SQS::Queue': 80,
  'AWS::DynamoDB::GlobalTable': 255,
  'AWS::SNS::Topic': 256,
};
const STACK_NAME = 'S'.repeat(128);
const ARN = 'arn:aws-us-gov:sqs:ap-southeast-1:123456789012:';
const QUEUES_URL = 'https://sqs.ap-southeast-1.amazonaws.com/123456789012/';
const MAPPING_ID = '01234567-89ab-cdef-0123-456789abcdef';

const typeOf = (id: string): string => largest.resources[id]?.Type ?? '';
/** `<stack>-<logical id>-<twelve characters>` */
const nameOf = (id: string): string =>
  `${STACK_NAME}-${id}-${'R'.repeat(12)}`.slice(0, NAMES[typeOf(id)] ?? 255);

type Value = string | Readonly<Record<string, unknown>>;

/** What a value of an environment becomes, at its longest. */
const deployed = (value: Value): string => {
  if (typeof value === 'string') return value.replaceAll('Sluice', STACK_NAME);
  const [[name, argument] = ['']] = Object.entries(value);
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, Value[]];
    return parts.map(deployed).join(separator);
  }
  if (name === 'Fn::GetAtt') {
    const [id, attribute] = argument as [string, string];
    return attribute === 'Arn' ? `${ARN}${nameOf(id)}` : nameOf(id);
  }
  if (name === 'Fn::Select') {
    const [i] = argument as [number];
    return QUEUES_URL.split('/')[i] ?? '';
  }
  const id = String(argument);
  if (typeOf(id) === 'AWS::Lambda::EventSourceMapping') return MAPPING_ID;
  if (typeOf(id) === 'AWS::SQS::Queue') return `${QUEUES_URL}${nameOf(id)}`;
  return typeOf(id) === 'AWS::SNS::Topic' ? `${ARN}${nameOf(id)}` : nameOf(id);
};

describe('the largest configuration', () => {
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
      const variables = Object.entries(environment(largest, place)) as [string, Value][];
      const size = variables.reduce((sum, [name, value]) => sum + name.length + deployed(value).length, 0);
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
