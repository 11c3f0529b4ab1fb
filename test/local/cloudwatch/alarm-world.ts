/** Alarms with a clock, metrics and a file of their own, and what they published. */
import { afterAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAlarm, type AlarmSpec } from '../../../local/cloudwatch/alarm-spec.ts';
import type { Notification } from '../../../local/cloudwatch/alarm-states.ts';
import { Alarms } from '../../../local/cloudwatch/service.ts';
import { MetricStore, single } from '../../../local/cloudwatch/metric-store.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-alarms-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

export const TOPIC = 'arn:aws:sns:us-east-1:000000000000:alarms';
export const degraded = (changes: object = {}): AlarmSpec =>
  readAlarm(
    { name: 'p: router is in degraded mode', arn: 'arn:alarm' },
    {
      AlarmDescription: 'Look: npx sluice status',
      Namespace: 'Sluice',
      MetricName: 'DegradedMode',
      Dimensions: [{ Name: 'Stage', Value: 'router' }],
      Statistic: 'Maximum',
      Period: 10,
      EvaluationPeriods: 6,
      DatapointsToAlarm: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'ignore',
      AlarmActions: [TOPIC],
      OKActions: [TOPIC],
      ...changes,
    },
  );
export const heartbeat = (): AlarmSpec =>
  readAlarm(
    { name: 'p: control is silent', arn: 'arn:alarm' },
    {
      Namespace: 'Sluice',
      MetricName: 'Heartbeat',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 3,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      AlarmActions: [TOPIC],
    },
  );

export const stateOf = (alarms: Alarms): string | undefined => alarms.list[0]?.state;

let files = 0;

export class AlarmWorld {
  now = Date.UTC(2026, 10, 22, 12, 0, 0);
  readonly file = join(dir, `alarms-${(files += 1)}.json`);
  store = new MetricStore(() => this.now);
  readonly published: Notification[] = [];
  readonly trouble: string[] = [];
  publishFails = false;

  async start(...specs: AlarmSpec[]): Promise<Alarms> {
    const alarms = new Alarms({
      store: this.store,
      file: this.file,
      publish: (notification) => {
        if (this.publishFails) return Promise.reject(new Error('the disk is full'));
        this.published.push(notification);
        return Promise.resolve();
      },
      onTrouble: (line) => this.trouble.push(line),
      clock: () => this.now,
    });
    await alarms.deploy(specs);
    return alarms;
  }

  gauge(value: number): void {
    this.store.put({
      namespace: 'Sluice',
      name: 'DegradedMode',
      dimensions: { Stage: 'router' },
      at: this.now,
      statistics: single(value),
      highResolution: true,
    });
  }

  /** Lets seconds pass, with a tick in each. */
  async pass(alarms: Alarms, seconds: number, each: () => void = () => undefined): Promise<void> {
    for (let i = 0; i < seconds; i += 1) {
      this.now += 1_000;
      each();
      await alarms.tick();
    }
  }

  changes(): readonly string[] {
    return this.published.map(({ message }) => {
      const { OldStateValue, NewStateValue } = JSON.parse(message) as Record<string, unknown>;
      return `${String(OldStateValue)} -> ${String(NewStateValue)}`;
    });
  }
}
