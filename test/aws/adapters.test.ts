/** Adapters that make one call each: the request, and the result for each answer. */
import { describe, expect, it, jest } from '@jest/globals';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { SNSClient } from '@aws-sdk/client-sns';
import { SnsAnnouncer } from '../../lambdas/aws/announcer.ts';
import { CloudWatchMetrics, LoggedMetrics, type MetricDatum } from '../../lambdas/aws/metrics.ts';
import { announcementOf } from '../../lambdas/core/mode/announcement.ts';
import { NORMAL } from '../../lambdas/core/mode/record.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { readEmf } from '../../local/cloudwatch/emf.ts';
import { MODE_SETTINGS } from '../support/mode-settings.ts';

/** A client that only records its requests. */
const recorder = (inputs: unknown[], error?: Error) =>
  ({
    send: ({ input }: { input: unknown }) => {
      inputs.push(input);
      return error === undefined ? Promise.resolve({}) : Promise.reject(error);
    },
  }) as unknown as SNSClient & CloudWatchClient;

describe('SnsAnnouncer', () => {
  const record = {
    ...NORMAL,
    mode: 'degraded',
    epoch: 3,
    since: Date.UTC(2026, 10, 22),
    reason: '5 messages were redriven within 5 minutes',
    lastCrash: { kind: 'throw', error: 'no', codeVersion: 'v', at: 1 },
  } as const;
  const names = { pipeline: 'Sluice/Pipeline', stackName: 'Sluice' };

  it('publishes the whole announcement, with attributes that a subscriber can filter by', async () => {
    const inputs: unknown[] = [];
    const announcement = announcementOf('crm', record, names, MODE_SETTINGS);
    await new SnsAnnouncer(recorder(inputs), 'arn:topic').announce(announcement);
    expect(inputs).toEqual([
      {
        TopicArn: 'arn:topic',
        Subject: 'Destination crm of dataplane server Sluice/Pipeline entered degraded mode',
        Message: JSON.stringify(announcement),
        MessageAttributes: {
          stage: { DataType: 'String', StringValue: 'crm' },
          mode: { DataType: 'String', StringValue: 'degraded' },
        },
      },
    ]);
  });

  it('cuts a subject to the length that SNS accepts', async () => {
    const inputs: { Subject?: string }[] = [];
    const long = announcementOf(
      'router',
      record,
      { ...names, pipeline: `Bücher\n${'x'.repeat(200)}` },
      MODE_SETTINGS,
    );
    await new SnsAnnouncer(recorder(inputs), 'arn:topic').announce(long);
    expect(inputs[0]?.Subject).toMatch(/^Dataplane server B\?cher x+$/);
    expect(inputs[0]?.Subject).toHaveLength(100);
  });

  it('throws a fault when publishing fails', async () => {
    const client = recorder([], new Error('down'));
    const done = new SnsAnnouncer(client, 'arn:topic').announce(
      announcementOf('crm', record, names, MODE_SETTINGS),
    );
    await expect(done).rejects.toThrow(/^Publish failed: Error: down$/);
    await expect(done).rejects.toThrow(InfraFault);
  });
});

describe('CloudWatchMetrics', () => {
  const datum = (value: number): MetricDatum => ({
    name: 'DegradedMode',
    value,
    dimensions: { Pipeline: 'p', Stage: 'crm' },
    at: 5_000,
    resolution: 1,
  });

  it('puts values with their time, their resolution and their unit', async () => {
    const inputs: unknown[] = [];
    await new CloudWatchMetrics(recorder(inputs)).put([
      datum(1),
      {
        name: 'OldestParkedAge',
        value: 2.5,
        unit: 'Seconds',
        dimensions: { Pipeline: 'p' },
        at: 6,
        resolution: 60,
      },
    ]);
    expect(inputs).toEqual([
      {
        Namespace: 'Sluice',
        MetricData: [
          {
            MetricName: 'DegradedMode',
            Value: 1,
            Unit: 'None',
            Dimensions: [
              { Name: 'Pipeline', Value: 'p' },
              { Name: 'Stage', Value: 'crm' },
            ],
            Timestamp: new Date(5_000),
            StorageResolution: 1,
          },
          {
            MetricName: 'OldestParkedAge',
            Value: 2.5,
            Unit: 'Seconds',
            Dimensions: [{ Name: 'Pipeline', Value: 'p' }],
            Timestamp: new Date(6),
            StorageResolution: 60,
          },
        ],
      },
    ]);
  });

  it('makes as few calls as possible, and none without values', async () => {
    const inputs: { MetricData: { Value: number }[] }[] = [];
    const metrics = new CloudWatchMetrics(recorder(inputs));
    await metrics.put([]);
    await metrics.put(Array.from({ length: 1_001 }, (_, i) => datum(i)));
    expect(inputs.map(({ MetricData }) => MetricData.map(({ Value }) => Value))).toEqual([
      Array.from({ length: 1_000 }, (_, i) => i),
      [1_000],
    ]);
  });

  it('throws a fault when putting fails', async () => {
    const client = recorder([], new Error('down'));
    await expect(new CloudWatchMetrics(client).put([datum(1)])).rejects.toThrow(InfraFault);
  });
});

describe('LoggedMetrics', () => {
  it('writes each value with its time and its resolution, as CloudWatch reads it from a log', async () => {
    const lines: string[] = [];
    const write = jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((line) => lines.push(String(line)) > 0);
    const data = [
      {
        name: 'DegradedMode',
        value: 0,
        dimensions: { Pipeline: 'p', Stage: 'crm' },
        at: 5_000,
        resolution: 1,
      },
      { name: 'Heartbeat', value: 1, dimensions: { Pipeline: 'p' }, at: 6_000, resolution: 60 },
    ] as const;
    await new LoggedMetrics().put(data);
    write.mockRestore();
    expect(lines.every((line) => line.endsWith('\n'))).toBe(true);
    const found = lines
      .flatMap(readEmf)
      .map(({ namespace, name, dimensions, at, statistics, highResolution }) => ({
        ...{ namespace, name, dimensions, at },
        value: statistics.sum,
        resolution: highResolution ? 1 : 60,
      }));
    expect(found).toEqual(data.map((datum) => ({ namespace: 'Sluice', ...datum })));
  });
});
