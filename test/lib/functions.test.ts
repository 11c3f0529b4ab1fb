import { alignedList } from '../../contract/aligned-list.ts';
import { afterAll, describe, expect, it } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { EventPipeline } from '../../lib/index.ts';
import { FUNCTIONS, STAGES, both, bundle, environment, getAtt, idOf } from './example.ts';
import { removeDirectories, minimal, ofType, resource, synthesize, temporaryDirectory } from './synth.ts';

afterAll(removeDirectories);

describe('functions', () => {
  it.each(FUNCTIONS)('%s: Node 24 on arm64, source maps, logs of its own for a month', (place) => {
    const { Properties } = resource(both, `${place}/Function/Handler`);
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      // Of Lambda's own lines only those of failures, and of ours all.
      LoggingConfig: {
        LogGroup: { Ref: idOf(`${place}/Function/Logs`) },
        LogFormat: 'JSON',
        SystemLogLevel: 'WARN',
        ApplicationLogLevel: 'TRACE',
      },
    });
    expect(environment(both, place)).toMatchObject({ NODE_OPTIONS: '--enable-source-maps' });
    expect(resource(both, `${place}/Function/Logs`).Properties).toMatchObject({
      RetentionInDays: 30,
    });
  });

  it('are named and logged as the props say', () => {
    const synthesized = synthesize({ ...minimal, namePrefix: 'shop', logRetention: RetentionDays.ONE_WEEK });
    const names = (type: string, key: string) =>
      ofType(synthesized, type).map(([, { Properties }]) => Properties[key]);
    expect(names('AWS::Lambda::Function', 'FunctionName').sort()).toEqual([
      'shop-control',
      'shop-deliver-crm',
      'shop-ingest',
      'shop-router',
    ]);
    expect(names('AWS::SQS::Queue', 'QueueName').sort()).toEqual([
      'shop-events-dead-letters.fifo',
      'shop-events.fifo',
      'shop-to-crm-dead-letters.fifo',
      'shop-to-crm.fifo',
    ]);
    expect(names('AWS::DynamoDB::GlobalTable', 'TableName').sort()).toEqual(['shop-parking', 'shop-state']);
    expect(new Set(names('AWS::Logs::LogGroup', 'RetentionInDays'))).toEqual(new Set([7]));
  });
});

describe("the functions' environment", () => {
  const ref = (place: string) => ({ Ref: idOf(place) });
  const queue = (stage: string) => ref(`${stage}/Queue`);
  const state = { SLUICE_STATE_TABLE: ref('Tables/State') };
  const pipeline = { SLUICE_PIPELINE: 'Sluice/Pipeline' };
  const tables = { ...state, SLUICE_PARKING_TABLE: ref('Tables/Parking') };
  const stage = (place: string) => ({
    ...pipeline,
    ...tables,
    SLUICE_STACK_NAME: 'Sluice',
    SLUICE_FLIP_TOPIC_ARN: ref('Flips/Topic'),
    SLUICE_STAGE_QUEUE_URL: queue(place),
    SLUICE_DEAD_LETTER_QUEUE_ARN: getAtt(`${place}/DeadLetterQueue`),
  });

  /** What is in front of a list: which ids it belongs to. */
  const alignedTo = (...ids: string[]): string => alignedList(ids, []);

  it('ingest', () => {
    expect(environment(both, 'Ingest')).toMatchObject({
      SLUICE_EVENTS_QUEUE_URL: queue('Router'),
      ...pipeline,
      ...state,
    });
  });

  it('router: the names of the queues of destinations that take events, in order', () => {
    const name = (stage: string) => ({
      'Fn::GetAtt': [idOf(`${stage}/Queue`), 'QueueName'],
    });
    expect(environment(both, 'Router')).toMatchObject({
      ...stage('Router'),
      SLUICE_DESTINATION_QUEUE_NAMES: {
        'Fn::Join': ['', [alignedTo('crm', 'a1'), name('Destination-crm'), ',', name('Destination-a1')]],
      },
    });
  });

  it('deliver', () => {
    expect(environment(both, 'Destination-a-1')).toMatchObject(stage('Destination-a-1'));
  });

  it('control: the ids of the mappings, of switched off destinations too', () => {
    const ids = STAGES.map((stage) => ref(`${stage}/Mapping`));
    expect(environment(both, 'Control')).toMatchObject({
      SLUICE_MAPPING_IDS: {
        'Fn::Join': [
          '',
          [alignedTo('router', 'crm', 'a-1', 'a1'), ids[0], ',', ids[1], ',', ids[2], ',', ids[3]],
        ],
      },
      SLUICE_STACK_NAME: 'Sluice',
      SLUICE_FLIP_TOPIC_ARN: ref('Flips/Topic'),
      ...pipeline,
      ...tables,
    });
  });

  it("control: what stands before a queue's name in its URL, wherever SQS listens", () => {
    const { SLUICE_QUEUES_URL } = environment(both, 'Control');
    const [, parts] = (SLUICE_QUEUES_URL as { 'Fn::Join': [string, (string | object)[]] })['Fn::Join'];
    const split = { 'Fn::Split': ['/', queue('Router')] };
    const part = (i: number) => ({ 'Fn::Select': [i, split] });
    // https: / / sqs.us-east-1.amazonaws.com / 123456789012 /
    expect(parts).toEqual([part(0), '', part(2), part(3), '']);
  });

  it('a name of the pipeline that is its own in the account, in characters that tags can hold', () => {
    const stack = new Stack(new App({ outdir: temporaryDirectory() }), 'Same', { stackName: 'sluice-dev' });
    const { router } = new EventPipeline(stack, 'Web & app', minimal);
    const dimensions = router.metricDegradedMode().dimensions;
    expect(dimensions).toEqual({ Pipeline: 'sluice-dev/Web - app', Stage: 'router' });
  });

  it('their bundles: what degraded mode is', () => {
    const degradedMode = { redriveThreshold: 5, window: 300_000, crashes: 3, maxDrainBackoff: 3_600_000 };
    expect(bundle(both, 'Router')).toMatchObject({ degradedMode });
    expect(bundle(both, 'Destination-crm')).toMatchObject({ degradedMode, destination: { id: 'crm' } });
    expect(bundle(both, 'Control')).toMatchObject({
      degradedMode,
      stages: [
        { id: 'router', maxConcurrency: 33 },
        { id: 'crm', maxConcurrency: 7 },
        { id: 'a-1', maxConcurrency: 10 },
        { id: 'a1', maxConcurrency: 10 },
      ],
    });
    expect(bundle(both, 'Ingest')).not.toHaveProperty('degradedMode');
  });
});

it('the router knows of deduplication when it is configured, and only then', () => {
  expect(bundle(both, 'Router')).not.toHaveProperty('deduplication');
  const synthesized = synthesize({ ...minimal, deduplication: { window: '2 days' } });
  expect(bundle(synthesized, 'Router')).toMatchObject({
    deduplication: { window: 172_800_000, maxIds: 200 },
  });
  for (const place of ['Ingest', 'Destination-crm', 'Control'])
    expect(bundle(synthesized, place)).not.toHaveProperty('deduplication');
});

describe('control', () => {
  it('runs every minute, and is not tried again', () => {
    expect(resource(both, 'Control/Schedule').Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [
        {
          Arn: getAtt('Control/Function/Handler'),
          RetryPolicy: { MaximumRetryAttempts: 0 },
        },
      ],
    });
    both.template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: idOf('Control/Function/Handler') },
      MaximumRetryAttempts: 0,
    });
    expect(resource(both, 'Control/Function/Handler').Properties).toMatchObject({
      Timeout: 30,
    });
  });

  it('listens to changes of mode, and no function names it', () => {
    both.template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'lambda',
      TopicArn: { Ref: idOf('Flips/Topic') },
      Endpoint: getAtt('Control/Function/Handler'),
    });
    for (const place of [...STAGES, 'Ingest']) {
      expect(JSON.stringify(environment(both, place))).not.toContain(idOf('Control/Function/Handler'));
    }
  });

  it('a drain that did not start is not tried again by Lambda', () => {
    for (const stage of STAGES) {
      both.template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
        FunctionName: { Ref: idOf(`${stage}/Function/Handler`) },
        MaximumRetryAttempts: 0,
      });
    }
  });
});
