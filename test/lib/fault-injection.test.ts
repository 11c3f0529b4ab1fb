import { NestedStack, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from '@jest/globals';
import { MAX_DESTINATIONS, MAX_DESTINATIONS_OF_STACK } from '../../config/schema.ts';
import { environment } from './example.ts';
import { EXPERIMENT, off, on, STAGES, two } from './fault-injection-example.ts';
import {
  logicalId,
  minimal,
  ofType,
  permissions,
  removeDirectories,
  resource,
  synthesize,
  type Synthesized,
} from './synth.ts';

afterAll(removeDirectories);

const resourcesOf = (stack: Stack): object =>
  (Template.fromStack(stack).toJSON() as { Resources: object }).Resources;

type Experiment = 'routerFails' | 'destinationSlow';
const idOfExperiment = (name: Experiment, { stack, pipeline }: Synthesized = on): string =>
  stack.resolve(pipeline.faultInjection?.[name]?.logicalId) as string;
const experiment = (name: Experiment, of: Synthesized = on): Record<string, unknown> =>
  of.resources[idOfExperiment(name, of)]?.Properties ?? {};
const arnOf = (place: string) => ({ 'Fn::GetAtt': [logicalId(on, place), 'Arn'] });
const inFolder = (path: string) => ({
  'Fn::Join': ['', [arnOf('FaultInjection/Faults'), `/FisConfigs/${path}`]],
});
const layersOf = (place: string, of: Synthesized) =>
  resource(of, `${place}/Function/Handler`).Properties['Layers'];

describe('fault injection that is disabled', () => {
  it('leaves the template as it is without the prop', () => {
    expect(off.template.toJSON()).toEqual(synthesize(two).template.toJSON());
    expect(off.pipeline.faultInjection).toBeUndefined();
    expect(JSON.stringify(off.template.toJSON())).not.toMatch(
      /AWS::FIS|AWS::S3|aws-fis|AWS_FIS|EXEC_WRAPPER/i,
    );
  });
});

describe('fault injection that is enabled', () => {
  it('adds two experiments, a bucket and a role, and changes nothing else', () => {
    const added = Object.keys(on.resources).filter((id) => off.resources[id] === undefined);
    expect(added.map((id) => on.resources[id]?.Type).sort()).toEqual([
      EXPERIMENT,
      EXPERIMENT,
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::S3::Bucket',
      'AWS::S3::BucketPolicy',
    ]);
    const changed = Object.keys(off.resources).filter(
      (id) => JSON.stringify(off.resources[id]) !== JSON.stringify(on.resources[id]),
    );
    const expected = STAGES.flatMap((stage) => [
      logicalId(on, `${stage}/Function/Handler`),
      logicalId(on, `${stage}/Function/Role/DefaultPolicy`),
    ]);
    expect(changed.sort()).toEqual(expected.sort());
  });

  it.each(STAGES)(
    '%s has the extension, for its architecture, and may read the configured faults',
    (stage) => {
      const [layer] = layersOf(stage, on) as [{ Ref: string }];
      const { Parameters } = on.template.toJSON() as { Parameters: Record<string, object> };
      expect(Parameters[layer.Ref]).toEqual({
        Type: 'AWS::SSM::Parameter::Value<String>',
        Default: '/aws/service/fis/lambda-extension/AWS-FIS-extension-arm64/1.x.x',
      });
      expect(resource(on, `${stage}/Function/Handler`).Properties['Architectures']).toEqual(['arm64']);
      expect(environment(on, stage)).toEqual({
        ...environment(off, stage),
        AWS_LAMBDA_EXEC_WRAPPER: '/opt/aws-fis/bootstrap',
        AWS_FIS_CONFIGURATION_LOCATION: inFolder(''),
        AWS_FIS_POLL_MAX_WAIT_MILLISECONDS: '1000',
      });
      expect(permissions(on, stage)).toEqual({
        ...permissions(off, stage),
        [JSON.stringify(arnOf('FaultInjection/Faults'))]: ['s3:ListBucket'],
        [JSON.stringify(inFolder('*'))]: ['s3:GetObject'],
      });
    },
  );

  it.each(['Ingest', 'Control'])('%s is not changed', (place) => {
    expect(resource(on, `${place}/Function/Handler`)).toEqual(resource(off, `${place}/Function/Handler`));
    const targets = ofType(on, EXPERIMENT).map(([, { Properties }]) => Properties['Targets']);
    expect(JSON.stringify(targets)).not.toContain(logicalId(on, `${place}/Function/Handler`));
  });

  it('fails the router alone, before its code runs', () => {
    expect(experiment('routerFails')).toMatchObject({
      Targets: {
        functions: {
          ResourceType: 'aws:lambda:function',
          ResourceArns: [arnOf('Router/Function/Handler')],
          SelectionMode: 'ALL',
        },
      },
      Actions: {
        fault: {
          ActionId: 'aws:lambda:invocation-error',
          Parameters: { duration: 'PT10M', invocationPercentage: '100', preventExecution: 'true' },
          Targets: { Functions: 'functions' },
        },
      },
    });
  });

  it('delays one of the destinations, by less than its timeout and the timeout of a probe', () => {
    const { Targets, Actions } = experiment('destinationSlow') as {
      Targets: { functions: { ResourceTags: Record<string, string> } };
      Actions: { fault: { Parameters: Record<string, string> } };
    };
    expect(Targets.functions).toMatchObject({
      ResourceType: 'aws:lambda:function',
      SelectionMode: 'COUNT(1)',
    });
    const [[Key, Value] = ['', '']] = Object.entries(Targets.functions.ResourceTags);
    const tagged = ofType(on, 'AWS::Lambda::Function').filter(([, { Properties }]) =>
      JSON.stringify(Properties['Tags'] ?? []).includes(JSON.stringify({ Key, Value })),
    );
    expect(tagged.map(([id]) => id).sort()).toEqual(
      ['crm', 'lake'].map((id) => logicalId(on, `Destination-${id}/Function/Handler`)).sort(),
    );
    expect(Actions.fault).toMatchObject({
      ActionId: 'aws:lambda:invocation-add-delay',
      Parameters: { startupDelayMilliseconds: '5000' },
    });
    const hasty = synthesize({
      ...two,
      timing: { deliverTimeout: '8s', requestTimeout: '1s' },
      faultInjection: true,
    });
    expect(experiment('destinationSlow', hasty)).toMatchObject({
      Actions: { fault: { Parameters: { startupDelayMilliseconds: '2000' } } },
    });
  });

  it.each(['routerFails', 'destinationSlow'] as const)(
    '%s stops when ingest fails or control is silent',
    (name) => {
      expect(experiment(name)['StopConditions']).toEqual(
        ['IngestErrors', 'Heartbeat'].map((alarm) => ({
          Source: 'aws:cloudwatch:alarm',
          Value: arnOf(`Monitoring/${alarm}`),
        })),
      );
    },
  );

  it('uses a role that may write faults and read the functions', () => {
    const { Statement } = resource(on, 'FaultInjection/Role/DefaultPolicy').Properties['PolicyDocument'] as {
      Statement: object[];
    };
    expect(Statement.map((statement) => ({ ...statement }))).toEqual([
      {
        Effect: 'Allow',
        Action: ['s3:DeleteObject', 's3:PutObject'],
        Resource: inFolder('*'),
      },
      {
        Effect: 'Allow',
        Action: 'lambda:GetFunction',
        Resource: expect.arrayContaining(
          STAGES.map((stage) => arnOf(`${stage}/Function/Handler`)),
        ) as unknown,
      },
      { Effect: 'Allow', Action: 'tag:GetResources', Resource: '*' },
    ]);
    expect(resource(on, 'FaultInjection/Role').Properties['AssumeRolePolicyDocument']).toMatchObject({
      Statement: [{ Principal: { Service: 'fis.amazonaws.com' } }],
    });
    const policy = logicalId(on, 'FaultInjection/Role/DefaultPolicy');
    for (const [, template] of ofType(on, EXPERIMENT))
      expect((template as unknown as { DependsOn: string[] }).DependsOn).toContain(policy);
  });

  it('outputs the experiments to start', () => {
    const added = Object.entries(on.template.findOutputs('*')).filter(
      ([name]) => off.template.findOutputs('*')[name] === undefined,
    );
    expect(Object.fromEntries(added.map(([name, { Value }]) => [name, Value as unknown]))).toEqual({
      RouterFailsExperiment: { Ref: idOfExperiment('routerFails') },
      DestinationSlowExperiment: { Ref: idOfExperiment('destinationSlow') },
    });
  });

  it('has no experiment on destinations when there is no destination', () => {
    const none = synthesize({ ...minimal, destinations: [], faultInjection: true });
    expect(ofType(none, EXPERIMENT)).toHaveLength(1);
    expect(none.pipeline.faultInjection?.destinationSlow).toBeUndefined();
    expect(Object.keys(none.template.findOutputs('*'))).not.toContain('DestinationSlowExperiment');
  });

  it.each([MAX_DESTINATIONS_OF_STACK, MAX_DESTINATIONS])('fits its stacks with %d destinations', (count) => {
    const destinations = Array.from({ length: count }, (_, i) => ({
      id: `d-${i}`,
      type: 'webhook' as const,
      url: 'https://example.com',
      ...(i < MAX_DESTINATIONS_OF_STACK
        ? {}
        : { nestedStack: `n${Math.floor(i / MAX_DESTINATIONS_OF_STACK)}` }),
    }));
    const { stack }: { stack: Stack } = synthesize({ ...minimal, destinations, faultInjection: true });
    const nested = stack.node.findAll().filter((one): one is NestedStack => NestedStack.isNestedStack(one));
    for (const one of [stack, ...nested])
      expect(Object.keys(resourcesOf(one)).length).toBeLessThanOrEqual(500);
  });
});
