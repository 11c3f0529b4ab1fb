import { afterAll, describe, expect, it } from '@jest/globals';
import { logicalId, minimal, ofType, removeDirectories, resource, synthesize } from './synth.ts';

afterAll(removeDirectories);

const alerted = synthesize({ ...minimal, alerts: { pagerDuty: { secretName: 'pagerduty' } } });
const ref = (place: string) => ({ Ref: logicalId(alerted, place) });
const ALARMS = ref('Alerting/AlarmTopic');
const NOTICES = ref('Alerting/NoticeTopic');

const alarm = (id: string) => resource(alerted, `Monitoring/${id}`).Properties;
const ids = [...alerted.pipeline.monitoring.alarms.keys()];
const pipeline = { Name: 'Pipeline', Value: 'Sluice/Pipeline' };

describe('alarms', () => {
  it('are these', () => {
    expect(ids).toEqual([
      'DegradedMode-router',
      'DegradedMode-crm',
      'Heartbeat',
      'UsersParked',
      'ProbesFailing',
      'IngestErrors',
      'Late15Minutes',
      'Late1Day',
      'Late10Days',
      'OldestParked',
      'LongQueue',
      'RejectedEvents',
      'WrongKeys',
      'LateCrashes',
      'DeadLetters',
      'FunctionErrors',
      'FunctionThrottles',
      'PagerFailures',
    ]);
    expect(ofType(alerted, 'AWS::CloudWatch::Alarm')).toHaveLength(ids.length);
  });

  it('that a deployment removes are resolved by control, which a list of all of them asks for', () => {
    expect(ofType(alerted, 'Custom::SluiceAlarms').map(([, made]) => made)).toMatchObject([
      {
        Properties: {
          ServiceToken: { 'Fn::GetAtt': [logicalId(alerted, 'Control/Function/Handler'), 'Arn'] },
          // References: so it is updated while what it no longer lists is there, and goes before the alarms when the stack does.
          Alarms: ids.map((id) => ref(`Monitoring/${id}`)),
          ServiceTimeout: 120,
        },
      },
    ]);
  });

  it('page when an operator must see it at night, and everything is a notice', () => {
    const pages = ids.filter((id) => JSON.stringify(alarm(id)['AlarmActions']).includes(ALARMS.Ref));
    expect(pages).toEqual([
      'DegradedMode-router',
      'DegradedMode-crm',
      'Heartbeat',
      'UsersParked',
      'ProbesFailing',
      'IngestErrors',
      'Late1Day',
      'Late10Days',
      'PagerFailures',
    ]);
    for (const id of ids) {
      const topics = pages.includes(id) ? [ALARMS, NOTICES] : [NOTICES];
      // The same for both, so that everyone who is notified of an alarm is notified of its end.
      expect(alarm(id)).toMatchObject({ AlarmActions: topics, OKActions: topics });
    }
  });

  it.each(['router', 'crm'])('%s: degraded mode rings within seconds, and once', (stage) => {
    expect(alarm(`DegradedMode-${stage}`)).toMatchObject({
      AlarmName: `Sluice/Pipeline: ${stage} is in degraded mode`,
      Namespace: 'Sluice',
      MetricName: 'DegradedMode',
      Dimensions: [pipeline, { Name: 'Stage', Value: stage }],
      Statistic: 'Maximum',
      Period: 10,
      EvaluationPeriods: 6,
      DatapointsToAlarm: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      TreatMissingData: 'ignore',
    });
  });

  it('control is silent: five minutes without a run', () => {
    expect(alarm('Heartbeat')).toMatchObject({
      Namespace: 'Sluice',
      MetricName: 'Heartbeat',
      Dimensions: [pipeline],
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 5,
      DatapointsToAlarm: 5,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      TreatMissingData: 'breaching',
    });
  });

  it('no events and an unusual number of them ring only where that is asked for', () => {
    const both = synthesize({ ...minimal, alerts: { noEventsFor: '1 hour', unusualVolume: true } });
    const queue = {
      Name: 'QueueName',
      Value: { 'Fn::GetAtt': [logicalId(both, 'Router/Queue'), 'QueueName'] },
    };
    expect(resource(both, 'Monitoring/NoEvents').Properties).toMatchObject({
      AlarmName: 'Sluice/Pipeline: no events come in',
      Namespace: 'AWS/SQS',
      MetricName: 'NumberOfMessagesSent',
      Dimensions: [queue],
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 12,
      DatapointsToAlarm: 12,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      // SQS writes nothing of a queue that was not used for hours.
      TreatMissingData: 'breaching',
    });
    expect(JSON.stringify(resource(both, 'Monitoring/NoEvents').Properties['AlarmActions'])).toContain(
      'AlarmTopic',
    );
    const { Properties } = resource(both, 'Monitoring/UnusualVolume');
    expect(Properties).toMatchObject({
      ComparisonOperator: 'LessThanLowerOrGreaterThanUpperThreshold',
      EvaluationPeriods: 6,
      DatapointsToAlarm: 6,
    });
    const metrics = Properties['Metrics'] as { Id: string; Expression?: string; MetricStat?: unknown }[];
    const band = metrics.find(({ Id }) => Id === Properties['ThresholdMetricId']);
    expect(band?.Expression).toMatch(/^ANOMALY_DETECTION_BAND\(\w+, 3\)$/);
    expect(metrics.find(({ MetricStat }) => MetricStat !== undefined)?.MetricStat).toMatchObject({
      Metric: { Namespace: 'AWS/SQS', MetricName: 'NumberOfMessagesSent', Dimensions: [queue] },
      Stat: 'Sum',
    });
    expect(ids).not.toContain('NoEvents');
  });

  it('WrongKeys: 401s of a quarter of an hour, not of a scan', () => {
    expect(alarm('WrongKeys')).toMatchObject({
      MetricName: 'RequestsUnauthorized',
      Dimensions: [pipeline],
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 3,
      Threshold: 10,
      TreatMissingData: 'notBreaching',
    });
  });

  it.each([
    ['Late15Minutes', 'OldestMessageAge', 900, 'Maximum', 3],
    ['Late1Day', 'OldestMessageAge', 86_400, 'Maximum', 3],
    ['Late10Days', 'OldestMessageAge', 864_000, 'Maximum', 3],
    ['UsersParked', 'UsersParked', 1, 'Maximum', 3],
    ['ProbesFailing', 'ProbesFailing', 1, 'Maximum', 3],
    ['OldestParked', 'OldestParkedAge', 3_600, 'Maximum', 1],
    ['LongQueue', 'QueueBacklog', 60_000, 'Maximum', 1],
    ['RejectedEvents', 'EventsRejected', 1, 'Sum', 12],
    ['LateCrashes', 'LateCrashes', 1, 'Sum', 12],
  ])('%s: %s of the pipeline from %d on', (id, metric, threshold, statistic, periods) => {
    expect(alarm(id)).toMatchObject({
      Namespace: 'Sluice',
      MetricName: metric,
      Dimensions: [pipeline],
      Statistic: statistic,
      Period: 300,
      EvaluationPeriods: periods,
      DatapointsToAlarm: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: threshold,
      TreatMissingData: 'notBreaching',
    });
  });

  it('records that expire: with a retention alone, a notice for the warning period and a page for its last third', () => {
    expect(ids).not.toContain('RecordsExpire');
    const alerts = { emails: ['ops@example.com'] };
    const kept = synthesize({ ...minimal, alerts, records: { retention: '90 days' } });
    const common = {
      Namespace: 'Sluice',
      Dimensions: [pipeline],
      Statistic: 'Maximum',
      Period: 300,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 1,
      Threshold: 1,
      TreatMissingData: 'ignore',
    };
    const notice = resource(kept, 'Monitoring/RecordsExpire').Properties;
    expect(notice).toMatchObject({ ...common, MetricName: 'RecordsExpiring' });
    expect(notice['AlarmActions']).toHaveLength(1);
    expect(notice['AlarmDescription']).toMatch(/^Within 7 days, .* npx sluice rejected --stack/);
    const page = resource(kept, 'Monitoring/RecordsExpireSoon').Properties;
    expect(page).toMatchObject({ ...common, MetricName: 'RecordsExpiringSoon' });
    expect(page['AlarmActions']).toHaveLength(2);
    expect(page['AlarmDescription']).toMatch(/^Within 2 days, /);
    const short = synthesize({ ...minimal, alerts, records: { retention: '7 days' } });
    const description = (id: string) => resource(short, `Monitoring/${id}`).Properties['AlarmDescription'];
    expect(description('RecordsExpire')).toMatch(/^Within 33 hours, /);
    expect(description('RecordsExpireSoon')).toMatch(/^Within 11 hours, /);
  });

  it('ingest: a share of 5xx that stays', () => {
    expect(alarm('IngestErrors')).toMatchObject({
      Namespace: 'AWS/ApiGateway',
      MetricName: '5XXError',
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 5,
      DatapointsToAlarm: 5,
      Threshold: 0.05,
    });
  });

  /** The metrics of a math alarm, each with what it is of; the first is the expression. */
  const math = (synthesized: typeof alerted, id: string) => {
    const [expression, ...metrics] = resource(synthesized, `Monitoring/${id}`).Properties['Metrics'] as {
      Expression?: string;
      Id: string;
      MetricStat?: { Metric: { MetricName: string; Dimensions: { Value: unknown }[] }; Stat: string };
    }[];
    return {
      expression: expression?.Expression,
      ids: metrics.map((metric) => metric.Id),
      names: new Set(
        metrics.map(
          ({ MetricStat }) => `${String(MetricStat?.Metric.MetricName)} ${String(MetricStat?.Stat)}`,
        ),
      ),
      of: metrics.map(({ MetricStat }) => MetricStat?.Metric.Dimensions[0]?.Value),
    };
  };
  const queue = (synthesized: typeof alerted, place: string) => ({
    'Fn::GetAtt': [logicalId(synthesized, place), 'QueueName'],
  });

  it('dead letters, errors, throttles and undelivered alarms: all of them immediately', () => {
    expect(math(alerted, 'DeadLetters')).toEqual({
      expression: 'MAX([m0,m1])',
      ids: ['m0', 'm1'],
      names: new Set(['ApproximateNumberOfMessagesVisible Maximum']),
      of: ['Router', 'Destination-crm'].map((stage) => queue(alerted, `${stage}/DeadLetterQueue`)),
    });
    const functions = ['Control', 'Router', 'Destination-crm'].map((place) =>
      ref(`${place}/Function/Handler`),
    );
    expect(math(alerted, 'FunctionErrors')).toEqual({
      expression: 'SUM([m0,m1,m2])',
      ids: ['m0', 'm1', 'm2'],
      names: new Set(['Errors Sum']),
      of: functions,
    });
    // Control's show in its heartbeat, and all of ingest's in its answers.
    expect(math(alerted, 'FunctionThrottles')).toMatchObject({
      names: new Set(['Throttles Sum']),
      of: functions.slice(1),
    });
    expect(math(alerted, 'PagerFailures')).toMatchObject({
      expression: 'MAX([m0])',
      of: [queue(alerted, 'Alerting/PagerDuty-DeadLetterQueue')],
    });
  });

  it('compare no more metrics than CloudWatch can, and leave none out', () => {
    const many = synthesize({
      ...minimal,
      destinations: Array.from({ length: 19 }, (_, i) => ({
        id: `d${i}`,
        type: 'webhook',
        url: 'https://example.com',
      })),
    });
    const groups = (id: string) =>
      [...many.pipeline.monitoring.alarms.keys()]
        .filter((name) => name.startsWith(id))
        .map((name) => math(many, name));
    expect(groups('DeadLetters').map(({ of }) => of.length)).toEqual([10, 10]);
    expect(groups('FunctionErrors').map(({ of }) => of.length)).toEqual([10, 10, 1]);
    expect(
      new Set(groups('FunctionErrors').flatMap(({ of }) => of.map((one) => JSON.stringify(one)))).size,
    ).toBe(21);
  });
});
