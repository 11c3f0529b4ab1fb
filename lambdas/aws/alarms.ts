import {
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  SetAlarmStateCommand,
  type CloudWatchClient,
} from '@aws-sdk/client-cloudwatch';
import { orFault } from './errors.ts';
import { InfraFault } from '../core/base/faults.ts';

/** CloudWatch's limit for one call. */
const MAX_NAMES = 100;

const inGroups = (names: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(names.length / MAX_NAMES) }, (_, i) =>
    names.slice(i * MAX_NAMES, (i + 1) * MAX_NAMES),
  );

/** CloudWatch's alarms, by their names. */
export class CloudWatchAlarms {
  readonly #client: CloudWatchClient;

  constructor(client: CloudWatchClient) {
    this.#client = client;
  }

  /** @throws InfraFault */
  async ringing(names: readonly string[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const AlarmNames of inGroups(names)) {
      const command = new DescribeAlarmsCommand({ AlarmNames, StateValue: 'ALARM', MaxRecords: MAX_NAMES });
      const { MetricAlarms = [] } = await orFault('DescribeAlarms', this.#client.send(command));
      found.push(...MetricAlarms.flatMap(({ AlarmName }) => AlarmName ?? []));
    }
    return found;
  }

  /** @throws InfraFault */
  async set(name: string, state: 'OK' | 'INSUFFICIENT_DATA', reason: string): Promise<void> {
    const command = new SetAlarmStateCommand({ AlarmName: name, StateValue: state, StateReason: reason });
    await orFault('SetAlarmState', this.#client.send(command));
  }

  /** @throws InfraFault */
  async switchActions(names: readonly string[], on: boolean): Promise<void> {
    for (const AlarmNames of inGroups(names)) {
      if (on)
        await orFault('EnableAlarmActions', this.#client.send(new EnableAlarmActionsCommand({ AlarmNames })));
      else
        await orFault(
          'DisableAlarmActions',
          this.#client.send(new DisableAlarmActionsCommand({ AlarmNames })),
        );
    }
  }
}

/** Milliseconds for one request, and requests at most. */
const PATIENCE = 5_000;
const TRIES = 2;

/** Answers CloudFormation at the URL that came with its request. @throws InfraFault */
export const respondToCloudFormation = async (url: string, body: string): Promise<void> => {
  let problem = '';
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      // S3 signed the URL without a content type.
      const headers = { 'content-type': '' };
      const signal = AbortSignal.timeout(PATIENCE);
      const response = await fetch(url, { method: 'PUT', body, headers, signal });
      if (response.ok) return;
      problem = `status ${response.status}`;
    } catch (error) {
      problem = String(error);
    }
  }
  throw new InfraFault(`CloudFormation could not be answered: ${problem}`);
};
