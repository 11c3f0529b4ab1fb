/**
 * Whose fault it is that a thread ended. An event is convicted only on evidence: its own synchronous code was running, it is the one
 * that called `process.exit`, or nothing else ever ran in the thread. Otherwise everything that was in hand is suspect, and
 * each of these runs again, in a thread of its own.
 *
 * Where the thread fills the memory and does not end, nothing can run again in this process. Whose code still runs is the evidence then;
 * if that is unknown, the only event in hand is convicted, as where a process dies.
 */

/** What can end a thread. `blocked`: it did not answer for too long, and was ended. `uncaught`: nobody caught an error. */
export type Cause = 'exit' | 'memory' | 'blocked' | 'uncaught';

export interface Scene {
  readonly cause: Cause;
  /** Jobs that had an event in hand. */
  readonly inHand: readonly number[];
  /** Of these, the one whose synchronous code was running; undefined: none's, or it is not known whose. */
  readonly running: number | undefined;
  /** For an exit that said so: the job whose event called it; `none`: what an answered event had left behind did. */
  readonly exitedBy: number | 'none' | undefined;
  /** Nothing but the one event in hand has ever run in this thread. */
  readonly isTrial: boolean;
  /** No thread can follow this one: see `Abandoned`. */
  readonly isLast: boolean;
}

export interface Verdict {
  readonly guilty: number | undefined;
  readonly suspects: readonly number[];
}

const NOBODY: Verdict = { guilty: undefined, suspects: [] };

export const verdictOn = ({ cause, inHand, running, exitedBy, isTrial, isLast }: Scene): Verdict => {
  const [first, ...others] = inHand;
  if (first === undefined || exitedBy === 'none') return NOBODY;
  const convict = (guilty: number): Verdict => ({ guilty, suspects: [] });
  if (exitedBy !== undefined && inHand.includes(exitedBy)) return convict(exitedBy);
  if (isTrial) return convict(first);
  // Memory is the sum of all that ran before: who asked for the last of it need not be who took it.
  if ((cause === 'blocked' || isLast) && running !== undefined) return convict(running);
  if (isLast && others.length === 0) return convict(first);
  return { guilty: undefined, suspects: inHand };
};
