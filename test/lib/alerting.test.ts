import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { logicalId, minimal, ofType, removeDirectories, resource, synthesize } from './synth.ts';

afterAll(removeDirectories);

const URL = 'https://example.com/alerts';
const alerted = synthesize({
  ...minimal,
  alerts: {
    pagerDuty: { secretName: 'ops/pagerduty' },
    victorOps: { secretName: 'ops/victorops' },
    emails: ['ops@example.com'],
    urls: [URL, 'http://relay.example.com/', { secretName: 'ops/relay' }],
  },
});
const ref = (place: string) => ({ Ref: logicalId(alerted, place) });
const [ALARMS, NOTICES] = [ref('Alerting/AlarmTopic'), ref('Alerting/NoticeTopic')];

/** All but control's, by their endpoints. */
const subscriptions = new Map(
  ofType(alerted, 'AWS::SNS::Subscription')
    .filter(([, { Properties }]) => Properties['Protocol'] !== 'lambda')
    .map(([, { Properties }]) => [Properties['Endpoint'] as string, Properties]),
);
const byUrl = [...subscriptions].filter(([, { Protocol }]) => Protocol !== 'email');
const secretUrl = (name: string): string => `{{resolve:secretsmanager:${name}:SecretString:::}}`;

describe('who is notified', () => {
  it('pagers get the alarms that page; mail and URLs get all alarms', () => {
    expect(
      [...subscriptions].map(([endpoint, { Protocol, TopicArn }]) => ({ endpoint, Protocol, TopicArn })),
    ).toEqual([
      { endpoint: secretUrl('ops/pagerduty'), Protocol: 'https', TopicArn: ALARMS },
      { endpoint: secretUrl('ops/victorops'), Protocol: 'https', TopicArn: ALARMS },
      { endpoint: URL, Protocol: 'https', TopicArn: NOTICES },
      { endpoint: 'http://relay.example.com/', Protocol: 'http', TopicArn: NOTICES },
      { endpoint: secretUrl('ops/relay'), Protocol: 'https', TopicArn: NOTICES },
      { endpoint: 'ops@example.com', Protocol: 'email', TopicArn: NOTICES },
    ]);
  });

  it('no one, when no address is configured', () => {
    const synthesized = synthesize();
    const protocols = ofType(synthesized, 'AWS::SNS::Subscription').map(
      ([, { Properties }]) => Properties['Protocol'],
    );
    expect(protocols).toEqual(['lambda']);
    expect([...synthesized.pipeline.monitoring.alarms.keys()]).not.toContain('PagerFailures');
  });

  it('others stay subscribed when a list is put in another order', () => {
    const ids = (urls: string[]) =>
      ofType(synthesize({ ...minimal, alerts: { urls } }), 'AWS::SNS::Subscription')
        .map(([id]) => id)
        .sort();
    expect(ids(['https://a.example.com', 'https://b.example.com'])).toEqual(
      ids(['https://b.example.com', 'https://a.example.com']),
    );
  });

  it('with a warning where a URL works in the local run only', () => {
    const shown = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { pipeline } = synthesize({ ...minimal, alerts: { urls: ['http://127.0.0.1:9000/', URL] } });
    shown.mockRestore();
    const warnings = pipeline.alerting.node.metadata.filter(({ type }) => type === 'aws:cdk:warning');
    expect(warnings.map(({ data }) => data as string)).toEqual([
      expect.stringContaining('alerts.urls has http://127.0.0.1:9000/, which works in the local run only'),
    ]);
  });
});

describe('a URL', () => {
  it.each(byUrl.map(([endpoint]) => endpoint))('%s: is tried again for less than an hour', (endpoint) => {
    const { healthyRetryPolicy: policy } = subscriptions.get(endpoint)?.['DeliveryPolicy'] as {
      healthyRetryPolicy: Record<string, number>;
    };
    const {
      numRetries = 0,
      numNoDelayRetries = 0,
      numMinDelayRetries = 0,
      minDelayTarget = 0,
      numMaxDelayRetries = 0,
      maxDelayTarget = 0,
    } = policy;
    const between = numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries;
    expect(between).toBeGreaterThan(0);
    // SNS's limit, with the longest delay for those in between.
    const total = numMinDelayRetries * minDelayTarget + (between + numMaxDelayRetries) * maxDelayTarget;
    expect(total).toBeGreaterThan(45 * 60);
    expect(total).toBeLessThanOrEqual(3600);
  });

  it('has a dead-letter queue of its own, encrypted, to which its topic alone may send', () => {
    const queues = byUrl.map(([, { RedrivePolicy, TopicArn }]) => {
      const { deadLetterTargetArn } = RedrivePolicy as {
        deadLetterTargetArn: { 'Fn::GetAtt': [string, 'Arn'] };
      };
      return { id: deadLetterTargetArn['Fn::GetAtt'][0], TopicArn };
    });
    expect(new Set(queues.map(({ id }) => id)).size).toBe(byUrl.length);
    for (const { id, TopicArn } of queues) {
      expect(alerted.resources[id]?.Properties).toMatchObject({
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: 14 * 24 * 3600,
      });
      alerted.template.hasResourceProperties('AWS::SQS::QueuePolicy', {
        Queues: [{ Ref: id }],
        PolicyDocument: {
          Statement: [
            { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
            {
              Effect: 'Allow',
              Action: 'sqs:SendMessage',
              Principal: { Service: 'sns.amazonaws.com' },
              Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
            },
          ],
        },
      });
    }
  });
});

describe('topics', () => {
  it.each(['AlarmTopic', 'NoticeTopic'])(
    '%s: alarms of this pipeline may publish, by TLS alone, without a key',
    (topic) => {
      const place = `Alerting/${topic}`;
      // No key, no FIFO, nothing else.
      expect(resource(alerted, place)).toEqual({ Type: 'AWS::SNS::Topic' });
      expect(resource(alerted, `${place}/Policy`).Properties).toEqual({
        Topics: [ref(place)],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            expect.objectContaining({
              Effect: 'Deny',
              Action: 'sns:Publish',
              Principal: '*',
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            }),
            expect.objectContaining({
              Effect: 'Allow',
              Action: 'sns:Publish',
              Principal: { Service: 'cloudwatch.amazonaws.com' },
              Resource: ref(place),
              Condition: {
                StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
                ArnLike: {
                  'aws:SourceArn': [
                    {
                      'Fn::Join': [
                        '',
                        [
                          'arn:',
                          { Ref: 'AWS::Partition' },
                          ':cloudwatch:',
                          { Ref: 'AWS::Region' },
                          ':',
                          { Ref: 'AWS::AccountId' },
                          ':alarm:Sluice/Pipeline:*',
                        ],
                      ],
                    },
                  ],
                },
              },
            }),
          ],
        },
      });
    },
  );

  it('the flip topic: the pipeline publishes, by TLS alone', () => {
    expect(resource(alerted, 'Flips/Topic')).toEqual({ Type: 'AWS::SNS::Topic' });
    expect(resource(alerted, 'Flips/Topic/Policy').Properties).toHaveProperty('PolicyDocument.Statement', [
      expect.objectContaining({
        Effect: 'Deny',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    ]);
  });

  it('are named as the props say', () => {
    const named = synthesize({ ...minimal, namePrefix: 'shop', alerts: { urls: [URL] } });
    expect(ofType(named, 'AWS::SNS::Topic').map(([, { Properties }]) => Properties['TopicName'])).toEqual([
      'shop-flips',
      'shop-alarms',
      'shop-notices',
    ]);
  });
});
