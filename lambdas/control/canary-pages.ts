/** The pages that control is sent when the pipeline has a canary: an alarm's change of state, as CloudWatch publishes it. */
import * as v from 'valibot';
import { canaryAlarmName, type CanaryPage } from '../../contract/canary.ts';
import type { JsonObject } from '../core/event/event.ts';
import type { ControlDeps } from './ports.ts';

const event = v.object({
  Records: v.tupleWithRest([v.object({ Sns: v.object({ Message: v.string() }) })], v.any()),
});
const alarm = v.object({ AlarmName: v.string(), NewStateValue: v.string(), StateChangeTime: v.string() });

/** A change of mode has no such fields. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export interface Page {
  /** The alarm's. */
  readonly name: string;
  readonly page: Omit<CanaryPage, 'receivedAt'>;
}

/** @returns undefined for what is no alarm */
export const readPage = (given: JsonObject): Page | undefined => {
  const message = v.safeParse(event, given);
  if (!message.success) return undefined;
  const parsed = v.safeParse(alarm, parse(message.output.Records[0].Sns.Message));
  if (!parsed.success) return undefined;
  const { AlarmName: name, NewStateValue: state, StateChangeTime } = parsed.output;
  // CloudWatch writes the offset without a colon: `2026-01-01T00:00:00.000+0000`.
  const changedAt = Date.parse(StateChangeTime.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return { name, page: { state, changedAt: Number.isNaN(changedAt) ? 0 : changedAt } };
};

/** @throws InfraFault */
export const recordPage = async (
  { canary, pipeline, clock }: Pick<ControlDeps, 'canary' | 'pipeline' | 'clock'>,
  { name, page }: Page,
): Promise<void> => {
  if (canary === undefined || name !== canaryAlarmName(pipeline)) return;
  await canary.store.addPage({ ...page, receivedAt: clock() });
};
