/**
 * A time limit for work that makes calls: at the limit the calls under way are aborted, and the work waits until they have.
 * Lambda freezes a function once it has answered, and a call that is under way then lands in the middle of a later request.
 *
 * The sender and the AWS SDK end a call immediately when its signal aborts: they destroy the request and pause no longer. AWS may
 * still carry out what it has received by then. Something else that does not heed the signal (a module that is being
 * loaded, for example) is given up after `ABORT_TIME`, because the client needs its answer. It continues when Lambda
 * thaws the function, and its result is dropped.
 */
import { setMaxListeners } from 'node:events';
import { InfraFault } from '../core/base/faults.ts';

/** Milliseconds that an aborted call has to end. */
const ABORT_TIME = 500;

export interface Deadline {
  /** Aborts at the limit: no call begins any more, and those that are under way have to end. */
  readonly signal: AbortSignal;
  /** Aborts `ABORT_TIME` later: what is still under way is given up. */
  readonly end: AbortSignal;
}

/** @param limit milliseconds */
export const withDeadline = async <T>(
  limit: number,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> => {
  const [signal, end] = [new AbortController(), new AbortController()];
  // Each of many calls listens to them, which would look like a leak to Node.
  setMaxListeners(0, signal.signal, end.signal);
  const timers = [setTimeout(() => signal.abort(), limit), setTimeout(() => end.abort(), limit + ABORT_TIME)];
  try {
    return await work({ signal: signal.signal, end: end.signal });
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
};

/** @param call was given the deadline's `signal` @throws InfraFault when it has not ended by `end`; what the call throws */
export const ended = async <T>(call: Promise<T>, { end }: Pick<Deadline, 'end'>): Promise<T> => {
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = () => reject(new InfraFault('an aborted call did not end'));
  });
  if (end.aborted) giveUp();
  end.addEventListener('abort', giveUp);
  try {
    return await Promise.race([call, givenUp]);
  } finally {
    end.removeEventListener('abort', giveUp);
  }
};
