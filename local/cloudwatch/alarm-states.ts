/** What is on the disk of the alarms: their states, the notifications that a change of state owes, and the latest changes. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AlarmSpec } from './alarm-spec.ts';
import type { AlarmState } from './evaluation.ts';
import { messageOf, subjectOf, type StateChange } from './notification.ts';

export interface AlarmChange extends Pick<StateChange, 'from' | 'to' | 'reason' | 'at'> {
  readonly name: string;
}

export interface Notification {
  readonly id: string;
  readonly topicArn: string;
  readonly subject: string;
  readonly message: string;
}

/** Times are milliseconds since 1970. */
export interface KeptAlarm {
  readonly state: AlarmState;
  readonly since: number;
  readonly reason: string;
  readonly configuredAt: number;
  /** The configuration, to see whether a deployment changes it. */
  readonly configuration: string;
}

export interface KeptAlarms {
  readonly alarms: Readonly<Record<string, KeptAlarm>>;
  readonly unsent: readonly Notification[];
  /** The latest last. */
  readonly history: readonly AlarmChange[];
}

export const NOTHING: KeptAlarms = { alarms: {}, unsent: [], history: [] };

/** How many changes of state are kept. */
const HISTORY = 100;

/** With a change of state in the history, and with the notifications that it owes; the alarm's state is left as it is. */
export const withChange = (
  kept: KeptAlarms,
  spec: AlarmSpec,
  { state: from, configuredAt }: KeptAlarm,
  change: Pick<StateChange, 'to' | 'reason' | 'at'>,
): KeptAlarms => ({
  ...kept,
  unsent: [...kept.unsent, ...notificationsOf(spec, { from, ...change, configuredAt })],
  history: [...kept.history, { name: spec.name, from, ...change }].slice(-HISTORY),
});

const notificationsOf = (spec: AlarmSpec, change: StateChange): readonly Notification[] => {
  if (!spec.actionsEnabled) return [];
  const topics = {
    ALARM: spec.alarmActions,
    OK: spec.okActions,
    INSUFFICIENT_DATA: spec.insufficientDataActions,
  }[change.to];
  return topics.map((topicArn) => ({
    id: randomUUID(),
    topicArn,
    subject: subjectOf(spec, change),
    message: messageOf(spec, change),
  }));
};

/** @throws Error when the file is there and cannot be read */
export const loadAlarms = async (file: string): Promise<KeptAlarms> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as KeptAlarms;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOTHING;
    throw new Error(`${file} cannot be read; fix it, or remove it to forget the alarms' states`, {
      cause: error,
    });
  }
};
