/** What `/health` says. It is for people and load balancers; accepting events never reads the mode. */
import { isBlocked, type Mode } from '../core/mode/record.ts';
import { ended, withDeadline } from './deadline.ts';
import { json, type Answer } from './response.ts';

/** Milliseconds: a probe's patience is short, and the answer without the mode is still true. */
const MODE_LIMIT = 300;

export interface HealthOptions {
  readonly readMode: (signal: AbortSignal) => Promise<Mode>;
  /** Takes the reason why the mode is unknown. */
  readonly onUnknown: (error: unknown) => void;
  /** Milliseconds. */
  readonly limit?: number;
}

const withLimit = (read: HealthOptions['readMode'], limit: number): Promise<Mode> =>
  withDeadline(limit, async ({ signal, end }) => {
    try {
      return await ended(read(signal), { end });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Error(`the mode was not read within ${limit} ms`, { cause: error });
    }
  });

/** Always 200: that this code runs is what makes ingest healthy. */
export const health = async ({ readMode, onUnknown, limit = MODE_LIMIT }: HealthOptions): Promise<Answer> => {
  const up = { server: 'UP', acceptingEvents: 'TRUE' };
  try {
    const mode = await withLimit(readMode, limit);
    return json({
      ...up,
      routingEvents: isBlocked([mode]) ? 'FALSE' : 'TRUE',
      mode: mode.mode.toUpperCase(),
    });
  } catch (error) {
    onUnknown(error);
    return json({ ...up, routingEvents: 'UNKNOWN', mode: 'UNKNOWN' });
  }
};
