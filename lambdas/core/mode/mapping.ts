/** Brings a stage's mapping in line with its mode. Level-triggered: safe to run twice, safe to miss a run. */
import { isBlocked, type Mode, type ModeRecord } from './record.ts';

/** An event source mapping as Lambda reports it. */
export interface MappingState {
  /** Enabled, Disabled, or one of the states in between (Enabling, Disabling, Updating, Creating ...). */
  readonly state: string;
  readonly maximumConcurrency: number | undefined;
}

export interface MappingChange {
  readonly enabled: boolean;
  readonly maximumConcurrency: number;
}

/** The least that Lambda allows; a recovering stage is given no more, so that a fix is tried gently. */
const RECOVERING_CONCURRENCY = 2;

/**
 * A stage that is blocked is not called, since it would only put every message back; unless it spills: then it is called to
 * move what waits in SQS to the parking table.
 * @param own the stage's mode
 * @param system the router's mode; the stricter of the two decides whether anything is forwarded
 * @param configured the stage's maximum concurrency in normal mode
 * @returns undefined when there is nothing to do, or nothing that Lambda would accept: a mapping in transition refuses
 *   a change, and the next run sees it again
 */
export const reconcileMapping = (
  own: Mode & Pick<ModeRecord, 'spill'>,
  system: Mode,
  mapping: MappingState,
  configured: number,
): MappingChange | undefined => {
  if (mapping.state !== 'Enabled' && mapping.state !== 'Disabled') return undefined;
  const enabled = own.spill || !isBlocked([own, system]);
  const maximumConcurrency = own.mode === 'recovering' ? RECOVERING_CONCURRENCY : configured;
  const isEnabled = mapping.state === 'Enabled';
  if (isEnabled === enabled && mapping.maximumConcurrency === maximumConcurrency) return undefined;
  return { enabled, maximumConcurrency };
};
