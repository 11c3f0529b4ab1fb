/**
 * The archive: the events of a call are lines of one record of Firehose, which takes a record as a whole or not at all. So no later event
 * is archived without an earlier one, and what a failed call may have archived anyway is archived again before anything new.
 */
import type { Call } from '../../../aws/direct-call.ts';
import { orFault } from '../../../aws/errors.ts';
import type { Clock } from '../../../core/base/clock.ts';
import { toLine, type Archived } from '../../../core/event/archive-line.ts';
import { nameOfCause, tooLarge, verdictOf, DELIVERED } from '../aws/verdicts.ts';
import type { Outgoing, Sender, Verdict } from '../sender.ts';

export interface ArchiveDeps {
  /** It does not try again. */
  readonly call: Call;
  readonly streamName: string;
  readonly clock: Clock;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
}

/** Firehose's quota for a record. A message of the largest size has about half of it as lines. */
export const MAX_RECORD_BYTES = 1_024_000;

const BATCH = 500;

const REFUSED = /^(InvalidArgument|Validation|Serialization)(Exception)?$/;

export const archiveSender = ({ call, streamName, clock, room }: ArchiveDeps): Sender => {
  const put = async (data: Buffer): Promise<Verdict> => {
    try {
      const input = { DeliveryStreamName: streamName, Record: { Data: data.toString('base64') } };
      await orFault(`PutRecord of "${streamName}"`, call('PutRecord', input));
      return DELIVERED;
    } catch (error) {
      if (REFUSED.test(nameOfCause(error))) return { kind: 'rejected', reason: (error as Error).message };
      return verdictOf(error);
    }
  };
  return {
    batch: BATCH,
    send: async (events, timeLeft) => {
      if (timeLeft() < room) return undefined;
      const archivedAt = clock();
      const lines = events.map((event) => `${toLine(toArchived(event), archivedAt)}\n`);
      const data = Buffer.from(lines.join(''));
      const isTooLarge = data.length > MAX_RECORD_BYTES;
      const verdict = isTooLarge ? tooLarge('Firehose', data.length, MAX_RECORD_BYTES) : await put(data);
      return { kind: 'whole', verdict };
    },
  };
};

const toArchived = ({ key, sourceId: source, content, place, origin }: Outgoing): Archived => {
  if (origin === undefined) throw new Error(`${place} does not say where it comes from`);
  const { receivedAt, sequence, index } = origin;
  return { key, sequence, place: index, source, receivedAt, content };
};
