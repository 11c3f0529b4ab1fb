/** What the alarm topic sends to its subscribers. */

/** CloudWatch's alarm as a subscriber gets it. */
export interface AlarmNotice {
  readonly name: string;
  readonly state: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA';
}

/** Reads the alarms out of the SNS envelopes that a stand-in pager got. */
export const alarmNotices = (
  envelopes: readonly Readonly<Record<string, unknown>>[],
): readonly AlarmNotice[] =>
  envelopes
    .filter((envelope) => envelope['Type'] === 'Notification')
    .map((envelope) => {
      const alarm = JSON.parse(String(envelope['Message'])) as {
        AlarmName: string;
        NewStateValue: AlarmNotice['state'];
      };
      return { name: alarm.AlarmName, state: alarm.NewStateValue };
    });
