/** What AWS allows of a stack, at 1, 30 and 100 destinations; and that growing moves nothing that holds events. */
import { NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { MAX_SUBSCRIBERS } from '../../config/alerts-schema.ts';
import { MAX_DESTINATIONS, MAX_DESTINATIONS_OF_STACK } from '../../config/schema.ts';
import { environmentSize, longest } from './longest.ts';
import { removeDirectories, minimal, synthesize, type Resource } from './synth.ts';

afterAll(removeDirectories);

/** As `npm run` of a stack's figures prints them. */
const SHOWN = process.env['SLUICE_SHOW_SIZES'] !== undefined;

const nestedStack = (i: number) => {
  const stack = Math.floor(i / MAX_DESTINATIONS_OF_STACK);
  return stack === 0 ? {} : { nestedStack: `n${stack}` };
};

const pipelineOf = (count: number, id: (i: number) => string, alerts = {}) =>
  synthesize({
    ...minimal,
    destinations: Array.from({ length: count }, (_, i) => ({
      id: id(i),
      type: 'webhook' as const,
      url: 'https://example.com',
      headers: { authorization: { secretName: 'token' } },
      ...nestedStack(i),
    })),
    alerts,
  });

type Pipeline = ReturnType<typeof pipelineOf>;

interface StackTemplate {
  readonly name: string;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: object;
  readonly Parameters?: object;
}

const stacksOf = ({ stack }: Pipeline): readonly StackTemplate[] =>
  [stack, ...stack.node.findAll().filter((one): one is NestedStack => NestedStack.isNestedStack(one))].map(
    (one) => ({
      name: one.node.id,
      ...(Template.fromStack(one as Stack).toJSON() as Omit<StackTemplate, 'name'>),
    }),
  );

const longId = (i: number) => `destination-${'x'.repeat(17)}${String(i).padStart(3, '0')}`;
const most = Array.from({ length: MAX_SUBSCRIBERS }, (_, i) => i);
const EVERYONE = {
  pagerDuty: { secretName: 'pagerduty' },
  victorOps: { secretName: 'victorops' },
  emails: most.map((i) => `ops${i}@example.com`),
  urls: most.map((i) => `https://example.com/${i}`),
};

/** The text with the longest value that any reference to a queue, a function, a mapping or a role has. */
const ARN = 'arn:aws-us-gov:lambda:ap-southeast-1:123456789012:event-source-mapping:';
const withArns = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && /^(Ref|Fn::)/.test(Object.keys(one)[0] ?? '')
      ? 'x'.repeat(ARN.length + 50)
      : one,
  );

const policiesOf = ({ Resources }: StackTemplate) =>
  Object.values(Resources).flatMap(({ Type, Properties }) => {
    const limit = { 'AWS::IAM::Policy': 10_240, 'AWS::IAM::ManagedPolicy': 6_144 }[Type];
    if (limit === undefined) return [];
    return [{ Type, limit, size: withArns(Properties['PolicyDocument']).length, roles: Properties['Roles'] }];
  });

/** As long as the stack's name may be with more than 90 destinations, and with fewer. */
const nameLength = (destinations: number): number => (destinations > 90 ? 60 : 128);

/** Of the function that needs most. */
const largestEnvironment = ({ Resources }: StackTemplate, destinations: number): number =>
  Math.max(
    ...Object.values(Resources)
      .filter(({ Type }) => Type === 'AWS::Lambda::Function')
      .map(({ Properties }) => {
        const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
        return environmentSize(Variables, longest(Resources, nameLength(destinations)));
      }),
  );

const figuresOf = (template: StackTemplate, destinations: number) => {
  const policies = policiesOf(template);
  const managed = policies
    .filter(({ Type }) => Type === 'AWS::IAM::ManagedPolicy')
    .map(({ roles }) => JSON.stringify(roles));
  return {
    stack: template.name,
    resources: Object.keys(template.Resources).length,
    // As it is uploaded, indented.
    bytes: JSON.stringify(template, undefined, 1).length,
    outputs: Object.keys(template.Outputs ?? {}).length,
    parameters: Object.keys(template.Parameters ?? {}).length,
    alarms: Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm').length,
    environment: largestEnvironment(template, destinations),
    longestPolicy: Math.max(...policies.map(({ size }) => size)),
    tooLong: policies.filter(({ size, limit }) => size > limit).length,
    managedOfOneRole: Math.max(0, ...managed.map((role) => managed.filter((other) => other === role).length)),
  };
};

describe.each([1, 30, 90, MAX_DESTINATIONS])('%d destinations, everyone notified', (count) => {
  const figures = stacksOf(pipelineOf(count, longId, EVERYONE)).map((one) => figuresOf(one, count));
  if (SHOWN) process.stderr.write(`${count}: ${JSON.stringify(figures, undefined, 1)}\n`);

  it.each(figures)('$stack is within the limits of CloudFormation and IAM', (stack) => {
    // With room for some resources of the owner.
    expect(stack.resources).toBeLessThanOrEqual(495);
    expect(stack.bytes).toBeLessThan(1_000_000);
    expect(stack.outputs).toBeLessThanOrEqual(200);
    expect(stack.parameters).toBeLessThanOrEqual(200);
    expect(stack.environment).toBeLessThanOrEqual(4_096);
    expect(stack.tooLong).toBe(0);
    expect(stack.managedOfOneRole).toBeLessThanOrEqual(10);
  });

  it('is one stack for each 30 of them', () => {
    expect(figures).toHaveLength(Math.ceil(count / MAX_DESTINATIONS_OF_STACK));
  });
});

describe('an update', () => {
  const STATEFUL = /^AWS::(SQS::Queue|DynamoDB::GlobalTable)$/;
  /** Properties of which a change replaces the resource. */
  const REPLACING = ['QueueName', 'FifoQueue', 'TableName', 'KeySchema'];

  interface Kept {
    readonly type: string;
    readonly fixed: Readonly<Record<string, unknown>>;
  }

  /** What holds events, by its stack and its logical id: a change of either, or of these properties, makes a new one. */
  const kept = (pipeline: Pipeline): ReadonlyMap<string, Kept> =>
    new Map(
      stacksOf(pipeline).flatMap(({ name, Resources }) =>
        Object.entries(Resources)
          .filter(([, { Type }]) => STATEFUL.test(Type))
          .map(([id, { Type, Properties }]): [string, Kept] => [
            `${name} ${id}`,
            { type: Type, fixed: Object.fromEntries(REPLACING.map((key) => [key, Properties[key]])) },
          ]),
      ),
    );

  const shortId = (i: number) => `d${i}`;
  const [thirty, hundred] = [30, 100].map((count) => kept(pipelineOf(count, shortId)));

  it('from the release before replaces and moves no queue and no table', () => {
    const { resources } = JSON.parse(
      readFileSync(new URL('released/stateful.json', import.meta.url), 'utf8'),
    ) as { resources: Readonly<Record<string, readonly string[]>> };
    const alerted = kept(pipelineOf(30, shortId, { pagerDuty: { secretName: 'pagerduty' } }));
    const before = Object.entries(resources).flatMap(([type, ids]) =>
      ids.map((id): [string, string] => [`Sluice ${id}`, type]),
    );
    expect(before.length).toBeGreaterThan(60);
    for (const [place, type] of before) expect([place, alerted.get(place)?.type]).toEqual([place, type]);
    // Nothing in the pipeline's own stack has a name that CloudFormation would have to create again.
    expect([...alerted.values()].filter(({ fixed }) => fixed['QueueName'] !== undefined)).toEqual([]);
  });

  it('from 30 to 100 destinations leaves each queue and each table where it is', () => {
    expect(thirty?.size).toBe(64);
    expect(hundred?.size).toBe(204);
    for (const [place, was] of thirty ?? []) expect([place, hundred?.get(place)]).toEqual([place, was]);
  });

  it('that reorders or removes destinations moves none of the others', () => {
    const fewer = kept(
      synthesize({
        ...minimal,
        destinations: Array.from({ length: 100 }, (_, i) => ({
          id: shortId(i),
          type: 'webhook' as const,
          url: 'https://example.com',
          ...nestedStack(i),
        }))
          .filter((_, i) => i % 7 !== 3)
          .reverse(),
      }),
    );
    expect(fewer.size).toBeLessThan(204);
    for (const [place, is] of fewer) expect([place, hundred?.get(place)]).toEqual([place, is]);
  });
});
