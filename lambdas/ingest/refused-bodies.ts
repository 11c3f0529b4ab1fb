/**
 * Records of bodies that were refused because they cannot be read. The client is answered as if there were none: a record that
 * cannot be stored within a second is left out. Each process of ingest writes a few in a minute, so that nobody who has the
 * write key of a web page can fill the table.
 */
import { describeForLog } from '../core/base/own-words.ts';
import type { Arrival } from '../core/ingest/admit.ts';
import { refusedBody } from '../core/ingest/rejected.ts';
import type { AcceptOptions } from './accept.ts';
import { withDeadline } from './deadline.ts';
import { sendLanes } from './send.ts';

/** Records in a minute. */
export const MAX_RECORDS = 10;
/** Milliseconds. */
const MINUTE = 60_000;
const RECORD_TIME = 1_000;

/** @returns when the record is stored or left out; never throws */
export type KeepRefused = (body: string, reason: string, arrival: Arrival) => Promise<void>;

export const refusedBodies = (
  options: Pick<AcceptOptions, 'sender' | 'sleep' | 'random' | 'log'>,
): KeepRefused => {
  let since = -Infinity;
  let left = 0;

  const failed = (reason: string): void => {
    // One that failed has cost its client a second: the next ones of this minute do without.
    left = 0;
    options.log('warn', 'no record of a refused body', { reason });
  };

  return async (body, reason, arrival) => {
    if (arrival.receivedAt - since >= MINUTE) {
      since = arrival.receivedAt;
      left = MAX_RECORDS;
    }
    if (left === 0) return;
    left -= 1;
    const lanes = [[refusedBody(body, reason, arrival)]];
    try {
      const sent = await withDeadline(RECORD_TIME, (deadline) =>
        sendLanes(lanes, { ...options, ...deadline }),
      );
      if (sent.kind !== 'sent') failed(sent.reason);
    } catch (error) {
      failed(describeForLog(error));
    }
  };
};
