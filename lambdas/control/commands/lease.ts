/** Control takes a key's lease as a drain does, so that the two never work on one key. */
import type { Head } from '../../core/stage/parking-port.ts';
import type { ControlDeps } from '../ports.ts';

/** Milliseconds that a lease outlasts the function: a write of a process that was killed must not land after it. */
const LEASE_MARGIN = 10_000;

type LeaseDeps = Pick<ControlDeps, 'parking' | 'clock' | 'newId' | 'timeLeft'>;

/**
 * Leaves the head as it is otherwise, but for `failures`, which taking a lease charges: the release sets them.
 * @returns the lease's owner; undefined when another has one, or the head has just changed
 * @throws InfraFault
 */
export const borrowKey = async (
  { parking, clock, newId, timeLeft }: LeaseDeps,
  stage: string,
  { key, failures, nextAttemptAt, triedEpoch }: Head,
): Promise<string | undefined> => {
  const owner = newId();
  const now = clock();
  const until = now + Math.max(0, timeLeft()) + LEASE_MARGIN;
  const taken = await parking.takeLease(
    stage,
    { key, failures },
    { owner, now, until, nextAttemptAt, triedEpoch },
  );
  return taken ? owner : undefined;
};

/** The key is due immediately, and its backoff starts over. @throws InfraFault */
export const returnDue = async (
  { parking, clock }: LeaseDeps,
  stage: string,
  key: string,
  owner: string,
): Promise<void> => {
  await parking.releaseLease(stage, key, owner, { failures: 0, nextAttemptAt: clock() });
};
