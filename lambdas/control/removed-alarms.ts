/**
 * Alarms that a deployment removes, such as those of a removed destination: an alarm in ALARM is resolved before it is deleted, or
 * its page would stay open for good, because nothing is left that could resolve it.
 *
 * The template has a custom resource that lists the alarms. CloudFormation updates it while the alarms that are no longer listed still
 * exist: what is removed is deleted last. Between those two moments such an alarm is evaluated again, by values that may be a minute old,
 * so that its actions are switched off behind the resolve. If the deployment fails and is rolled back, they are switched on again.
 */
import { describeForLog } from '../core/base/own-words.ts';
import { isJsonObject } from '../core/event/event.ts';
import type { Log } from './ports.ts';

export interface AlarmStates {
  /** Those of these alarms that ring. @throws InfraFault */
  ringing(names: readonly string[]): Promise<readonly string[]>;
  /** Sets the state, which triggers the actions of that state; CloudWatch evaluates the alarm again soon after. @throws InfraFault */
  set(name: string, state: 'OK' | 'INSUFFICIENT_DATA', reason: string): Promise<void>;
  /** Names of alarms that do not exist are passed over. @throws InfraFault */
  switchActions(names: readonly string[], on: boolean): Promise<void>;
}

/** What CloudFormation asks of a custom resource; it waits for an answer at `responseUrl`. */
export interface AlarmsRequest {
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly responseUrl: string;
  /** Sent back as they came. */
  readonly answer: Readonly<
    Record<'StackId' | 'RequestId' | 'LogicalResourceId' | 'PhysicalResourceId', string>
  >;
}

export interface AlarmsDeps {
  readonly alarms: AlarmStates;
  /** Answers CloudFormation. @throws InfraFault */
  readonly respond: (url: string, body: string) => Promise<void>;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly log: Log;
}

/** Milliseconds in which CloudWatch has triggered an alarm's actions. */
const SETTLE = 5_000;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const listed = (properties: unknown): readonly string[] => {
  const names: unknown = isJsonObject(properties) ? properties['Alarms'] : undefined;
  return Array.isArray(names) ? (names as readonly unknown[]).map(text) : [];
};

/** @returns undefined: it is no request of CloudFormation */
export const readAlarmsRequest = (event: unknown): AlarmsRequest | undefined => {
  if (!isJsonObject(event) || typeof event['ResponseURL'] !== 'string') return undefined;
  const { RequestType, ResponseURL, ResourceProperties, OldResourceProperties } = event;
  const now = listed(ResourceProperties);
  const before = listed(OldResourceProperties);
  const isUpdate = RequestType === 'Update';
  const logicalId = text(event['LogicalResourceId']);
  return {
    removed: RequestType === 'Delete' ? now : isUpdate ? before.filter((name) => !now.includes(name)) : [],
    added: isUpdate ? now.filter((name) => !before.includes(name)) : [],
    responseUrl: text(ResponseURL),
    answer: {
      StackId: text(event['StackId']),
      RequestId: text(event['RequestId']),
      LogicalResourceId: logicalId,
      PhysicalResourceId: text(event['PhysicalResourceId']) || logicalId,
    },
  };
};

/**
 * Does it, and answers that it was done. Whatever fails is logged only: a page that stays open is not worth a deployment that is rolled
 * back.
 * @throws InfraFault when CloudFormation could not be answered
 */
export const followAlarms = async (request: AlarmsRequest, deps: AlarmsDeps): Promise<void> => {
  const { removed, added, responseUrl, answer } = request;
  try {
    await resolve(removed, deps);
    await restore(added, deps);
  } catch (error) {
    deps.log('error', 'alarms that a deployment removes or adds could not be brought in line', {
      removed,
      added,
      error: describeForLog(error),
    });
  }
  await deps.respond(responseUrl, JSON.stringify({ Status: 'SUCCESS', ...answer }));
};

const resolve = async (removed: readonly string[], { alarms, wait, log }: AlarmsDeps): Promise<void> => {
  if (removed.length === 0) return;
  const ringing = await alarms.ringing(removed);
  for (const name of ringing) await alarms.set(name, 'OK', 'what it watched is removed from the pipeline');
  if (ringing.length === 0) return;
  log('warn', 'alarms that rang are removed by a deployment; their incidents are resolved', { ringing });
  await wait(SETTLE);
  await alarms.switchActions(ringing, false);
};

/** Alarms that were switched off above, of a deployment that was rolled back, or of a destination that is there again. */
const restore = async (added: readonly string[], { alarms }: AlarmsDeps): Promise<void> => {
  if (added.length === 0) return;
  await alarms.switchActions(added, true);
  // One in ALARM has notified nobody since: it is evaluated again, and notifies then.
  for (const name of await alarms.ringing(added))
    await alarms.set(name, 'INSUFFICIENT_DATA', 'its removal was taken back');
};
