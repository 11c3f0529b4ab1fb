/** Destinations in nested stacks: what they are named, what is kept, and who may do what to them. */
import { App, NestedStack, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from '@jest/globals';
import { EventPipeline } from '../../lib/index.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { ACCOUNT, REGION } from '../../local/template/physical.ts';
import { allows, type Access } from '../support/iam/policy.ts';
import { readRoles } from '../support/iam/roles.ts';
import { minimal, removeDirectories, synthesize, temporaryDirectory, type Resource } from './synth.ts';

afterAll(removeDirectories);

const webhook = (id: string, nestedStack?: string) => ({
  id,
  type: 'webhook' as const,
  url: 'https://example.com',
  ...(nestedStack === undefined ? {} : { nestedStack }),
});

const mixed = synthesize({
  ...minimal,
  destinations: [webhook('crm'), webhook('lake', 'b'), webhook('mail', 'c')],
});
const stackOf = (name: string, { pipeline } = mixed): NestedStack => {
  const found = pipeline.node.findChild(`Nested-${name}`);
  if (NestedStack.isNestedStack(found)) return found;
  throw new Error(`${name} is no nested stack`);
};
const resourcesOf = (stack: Stack): Readonly<Record<string, Resource>> =>
  (Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource> }).Resources;
const ofTypeIn = (stack: Stack, type: string): readonly Resource[] =>
  Object.values(resourcesOf(stack)).filter(({ Type }) => Type === type);

describe('a destination in a nested stack', () => {
  const queues = ofTypeIn(stackOf('b'), 'AWS::SQS::Queue');

  it('has queues whose names are known before they are made, and are kept when it is removed', () => {
    expect(queues.map(({ Properties }) => Properties['QueueName'])).toEqual([
      expect.stringMatching(/^Sluice-[0-9a-f]{6}-dead-letters-lake\.fifo$/),
      expect.stringMatching(/^Sluice-[0-9a-f]{6}-nested-lake\.fifo$/),
    ]);
    for (const queue of queues)
      expect(queue).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
        Properties: { FifoQueue: true },
      });
  });

  it('has all that one in the own stack has, and nothing of it is there', () => {
    const types = (stack: Stack): readonly string[] =>
      Object.entries(resourcesOf(stack))
        .filter(([id]) => /Destination(crm|lake)/.test(id))
        .map(([, { Type }]) => Type)
        .sort();
    expect(types(stackOf('b'))).toEqual(types(mixed.stack));
    expect(Object.keys(resourcesOf(mixed.stack)).filter((id) => /lake|mail/.test(id))).toEqual([]);
  });

  it('has the same alarm as elsewhere: no two stacks can have it, so that a destination cannot change its stack unnoticed', () => {
    const elsewhere = synthesize({ ...minimal, destinations: [webhook('crm'), webhook('lake')] });
    const degraded = (stack: Stack) =>
      ofTypeIn(stack, 'AWS::CloudWatch::Alarm')
        .map(({ Properties }) => String(Properties['AlarmName']))
        .filter((name) => name.includes('lake is in degraded mode'));
    expect(degraded(stackOf('b'))).toEqual(degraded(elsewhere.stack));
    expect(degraded(stackOf('b'))).toEqual(['Sluice/Pipeline: lake is in degraded mode']);
  });

  it('has alarms of its own stack for its function and its dead letters', () => {
    const names = ['b', 'c'].flatMap((name) =>
      ofTypeIn(stackOf(name), 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties['AlarmName']),
    );
    expect(names).toContain('Sluice/Pipeline: functions fail (b)');
    expect(names).toContain('Sluice/Pipeline: dead letters are not taken in (c)');
    expect(new Set(names).size).toBe(names.length);
    expect([...mixed.pipeline.monitoring.alarms.keys()]).toEqual(
      expect.arrayContaining(['DegradedMode-lake', 'FunctionErrors', 'FunctionErrors-b', 'FunctionErrors-c']),
    );
  });

  it('is there before the router sends to it', () => {
    const [router] = Object.entries(resourcesOf(mixed.stack)).filter(([id]) =>
      id.startsWith('PipelineRouterFunctionHandler'),
    );
    const { DependsOn } = router?.[1] as unknown as { DependsOn: readonly string[] };
    for (const name of ['b', 'c'])
      expect(DependsOn).toContain(mixed.stack.resolve(stackOf(name).nestedStackResource?.logicalId));
  });

  it('fits the names of queues, with the longest id and prefix', () => {
    const namePrefix = 'p'.repeat(20);
    const made = synthesize({ ...minimal, namePrefix, destinations: [webhook('d'.repeat(32), 'b')] });
    const names = ofTypeIn(stackOf('b', made), 'AWS::SQS::Queue').map(({ Properties }) =>
      String(Properties['QueueName']),
    );
    expect(names).toEqual([expect.stringContaining(namePrefix), expect.stringContaining(namePrefix)]);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(80);
  });
});

describe('the roles of a pipeline with nested stacks', () => {
  const arn = (service: string, name: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
  const read = async () => {
    const roles = readRoles(await readAssembly(mixed.app.synth().directory));
    const physical = (kind: 'function' | 'mapping' | 'queue', part: RegExp): string => {
      const id = roles.template.all(kind).find(({ logicalId }) => part.test(logicalId))?.logicalId ?? '';
      return kind === 'mapping' ? id : (roles.template.physical(id)?.attributes['Arn'] ?? '');
    };
    const may = (functionName: RegExp, access: Access): boolean => {
      const [, statements = []] = [...roles.functions].find(([name]) => functionName.test(name)) ?? [];
      return allows(statements, access);
    };
    return { physical, may };
  };
  const CONTROL = /ControlFunction/;
  const ROUTER = /RouterFunction/;

  it('let control switch each mapping, for its own function alone', async () => {
    const { physical, may } = await read();
    const update = (mapping: RegExp, to: RegExp): boolean =>
      may(CONTROL, {
        action: 'lambda:UpdateEventSourceMapping',
        resource: arn('lambda', `event-source-mapping:${physical('mapping', mapping)}`),
        context: { 'lambda:FunctionArn': physical('function', to) },
      });
    const stages = ['Router', 'Destinationcrm', 'Destinationlake', 'Destinationmail'];
    for (const stage of stages)
      for (const other of stages)
        expect([stage, other, update(new RegExp(`${stage}Mapping`), new RegExp(`${other}Function`))]).toEqual(
          [stage, other, stage === other],
        );
    // Of dead letters it is never switched off.
    expect(update(/Destinationlake.*DeadLetterMapping/, /DestinationlakeFunction/)).toBe(false);
  });

  it("let control invoke the pipeline's stages, and no other function", async () => {
    const { physical, may } = await read();
    const invoke = (resource: string, tag?: string): boolean =>
      may(CONTROL, {
        action: 'lambda:InvokeFunction',
        resource,
        context: tag === undefined ? {} : { 'aws:ResourceTag/sluice:function': tag },
      });
    expect(invoke(physical('function', /DestinationlakeFunction/), 'Sluice/Pipeline/lake')).toBe(true);
    expect(invoke(physical('function', /RouterFunction/), 'Sluice/Pipeline/router')).toBe(true);
    expect(invoke(physical('function', /IngestFunction/))).toBe(false);
    expect(invoke(arn('lambda', 'function:other'), 'Sluice/Pipeline2/lake')).toBe(false);
    expect(invoke(arn('lambda', 'function:other'))).toBe(false);
  });

  it.each([CONTROL, ROUTER])(
    '%s: sends to the queues of destinations, and to no dead-letter queue',
    async (who) => {
      const { physical, may } = await read();
      const send = (resource: string): boolean => may(who, { action: 'sqs:SendMessage', resource });
      for (const id of ['crm', 'lake', 'mail']) {
        expect(send(physical('queue', new RegExp(`Destination${id}Queue`)))).toBe(true);
        expect(send(physical('queue', new RegExp(`Destination${id}DeadLetterQueue`)))).toBe(false);
      }
      expect(send(arn('sqs', 'Sluice-nested-lake.fifo'))).toBe(false);
    },
  );

  it('are as they were for a pipeline that has none', () => {
    const { stack } = synthesize();
    const text = JSON.stringify(ofTypeIn(stack, 'AWS::IAM::Policy'));
    expect(text).not.toContain('IfExists');
    expect(text).not.toContain('Sluice/Pipeline/*');
  });
});

describe('refused', () => {
  it('more destinations in a stack than it has room for: what to write', () => {
    const many = (count: number, name?: string) =>
      Array.from({ length: count }, (_, i) => webhook(`${name ?? 'own'}-${i}`, name));
    expect(() => synthesize({ ...minimal, destinations: many(31) })).toThrow(
      `destinations: 31 are in the pipeline's own stack, which has room for 30; give the newest of them nestedStack: "<another name>"`,
    );
    expect(() => synthesize({ ...minimal, destinations: many(31, 'b') })).toThrow(
      'destinations: 31 are in the nested stack "b", which has room for 30',
    );
  });

  it.each(['B', 'two words', '', 'x'.repeat(17)])('the name %j', (name) => {
    expect(() => synthesize({ ...minimal, destinations: [webhook('lake', name)] })).toThrow(
      `destinations[0].nestedStack: ${JSON.stringify(name)} is not the name of a nested stack; use lower-case letters`,
    );
  });

  it('more than 90 destinations in a stack with a long name: their mappings would not fit an environment', () => {
    const app = new App({ outdir: temporaryDirectory(), analyticsReporting: false });
    const stack = new Stack(app, 'Shop', { stackName: 's'.repeat(61) });
    const destinations = Array.from({ length: 91 }, (_, i) => webhook(`d${i}`, `n${Math.floor(i / 30)}`));
    expect(() => new EventPipeline(stack, 'Events', { ...minimal, destinations })).toThrow(
      "destinations: with more than 90 the stack's name may have 60 characters, and it has 61; deploy a second pipeline for the rest",
    );
  });

  it('a stack whose name is not known, unless namePrefix begins the names', () => {
    const make = (namePrefix?: string) => {
      const app = new App({ outdir: temporaryDirectory(), analyticsReporting: false });
      const outer = new NestedStack(new Stack(new Stage(app, 'Prod'), 'Shop'), 'Inner');
      return new EventPipeline(outer, 'Events', {
        ...minimal,
        destinations: [webhook('lake', 'b')],
        ...(namePrefix === undefined ? {} : { namePrefix }),
      });
    };
    expect(() => make()).toThrow('set namePrefix');
    expect(() => make('shop')).not.toThrow();
  });
});
