import { InfraFault } from '../base/faults.ts';
import type { Observe, SetbackStep } from './runner-events.ts';

/**
 * Does what may fail: AWS failing it costs a duplicate or a delay, never an event.
 * @returns whether it is known to be done
 */
export const bestEffort = async (
  step: SetbackStep,
  work: () => Promise<unknown>,
  observe: Observe,
): Promise<boolean> => {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof InfraFault)) throw error;
    observe({ type: 'setback', step, error });
    return false;
  }
};
