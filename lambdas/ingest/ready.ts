/**
 * What `/ready` says: whether SQS takes events now. Health checks that choose a region go by it, so it needs what accepting an event needs
 * and nothing else.
 */
import type { Clock, Random } from '../core/base/clock.ts';
import { ended, withDeadline } from './deadline.ts';
import { json, unavailable, type Answer } from './response.ts';

/** Milliseconds. Health checks of Route 53 wait two seconds for an answer, of which a start of the function is a part. */
const PROBE_LIMIT = 1_000;

/** Milliseconds for which an answer of SQS holds: many health checks cost one call. */
const FRESH = 1_000;

export interface ReadyOptions {
  /** @throws when SQS would not take an event */
  readonly probeQueue: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes the reason why SQS takes no events; once for each call of SQS. */
  readonly onRefused: (error: unknown) => void;
  /** Milliseconds. */
  readonly limit?: number;
}

const NOT_STORED = { 'Cache-Control': 'no-store' };

/** @returns what answers: 200, or 503 with `Retry-After` */
export const readiness = ({ probeQueue, clock, random, onRefused, limit = PROBE_LIMIT }: ReadyOptions) => {
  let known: { readonly at: number; readonly isReady: boolean } | undefined;
  let asking: Promise<boolean> | undefined;

  const ask = async (): Promise<boolean> => {
    try {
      await withDeadline(limit, ({ signal, end }) => ended(probeQueue(signal), { end }));
      return true;
    } catch (error) {
      onRefused(error);
      return false;
    }
  };
  const askAndKeep = async (): Promise<boolean> => {
    const isReady = await ask();
    known = { at: clock(), isReady };
    asking = undefined;
    return isReady;
  };
  const isReady = (): Promise<boolean> | boolean => {
    const age = known === undefined ? Infinity : clock() - known.at;
    // A clock that was set back makes nothing fresh.
    if (known !== undefined && age >= 0 && age < FRESH) return known.isReady;
    return (asking ??= askAndKeep());
  };
  return async (): Promise<Answer> => {
    if (await isReady()) return json({ server: 'UP', acceptingEvents: 'TRUE' });
    const { headers, ...answer } = unavailable(random);
    return { ...answer, headers: { ...headers, ...NOT_STORED } };
  };
};
