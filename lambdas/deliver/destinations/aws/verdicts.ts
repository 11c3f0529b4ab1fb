/** What a failed call of AWS means for the events that were in it. */
import { AccessFault, InfraFault, MessageRefused } from '../../../core/base/faults.ts';
import type { Verdict } from '../sender.ts';

export const DELIVERED: Verdict = { kind: 'delivered' };

/** The name of AWS's error. */
export const nameOfCause = (error: unknown): string =>
  error instanceof InfraFault && error.cause instanceof Error ? error.cause.name : '';

/**
 * @returns what the destination did: it throttles, fails, or refuses the event
 * @throws the error, where AWS lets us do nothing (an `AccessFault`, which degrades the stage and names itself), or where it is not AWS's
 */
export const verdictOf = (error: unknown): Verdict => {
  if (error instanceof AccessFault) throw error;
  if (error instanceof MessageRefused) return { kind: 'rejected', reason: error.message };
  if (error instanceof InfraFault) return { kind: 'retry', reason: error.message };
  throw error;
};

/** @param bytes of what is sent @param limit of the service */
export const tooLarge = (service: string, bytes: number, limit: number): Verdict => ({
  kind: 'rejected',
  reason: `the event has ${bytes} bytes as JSON, and ${service} takes ${limit}; make it smaller in a transform`,
});
