/**
 * A Kinesis data stream: an event is a record under its order key, and so a user's events are in one shard.
 *
 * They are put one after another, each when the one before it was taken, and each says which sequence number it comes after
 * (`SequenceNumberForOrdering`), as far as this environment of the function knows it. A call of many records (PutRecords) is not used:
 * Kinesis promises no order within one, and one that fails would let those behind it pass.
 */
import type { Call } from '../../../aws/direct-call.ts';
import { orFault } from '../../../aws/errors.ts';
import { byteLength } from '../../../core/base/text.ts';
import { toEventText } from '../../../core/event/envelope.ts';
import { oneByOne } from '../aws/one-by-one.ts';
import { DELIVERED, nameOfCause, tooLarge, verdictOf } from '../aws/verdicts.ts';
import type { Outgoing, Sender, Verdict } from '../sender.ts';

export interface KinesisDeps {
  /** Of the region that has the stream. It does not try again. */
  readonly call: Call;
  readonly streamArn: string;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
}

/** The most that a stream can be set to take, partition key included. By default it takes 1 MiB, and refuses more itself. */
export const MAX_RECORD_BYTES = 10_485_760;

/** Order keys whose last sequence number is known: the latest. */
const KEYS = 10_000;

const REFUSED = /^(InvalidArgument|Validation|Serialization)(Exception)?$/;
const isRefused = (error: unknown): boolean => REFUSED.test(nameOfCause(error));

export const kinesisSender = ({ call, streamArn, room }: KinesisDeps): Sender => {
  const last = new Map<string, string>();
  const note = (key: string, sequenceNumber: string | undefined): void => {
    last.delete(key);
    if (sequenceNumber === undefined) return;
    last.set(key, sequenceNumber);
    const [oldest] = last.keys();
    if (last.size > KEYS && oldest !== undefined) last.delete(oldest);
  };
  const put = async (key: string, body: string): Promise<Verdict> => {
    const after = last.get(key);
    const sent = call('PutRecord', {
      StreamARN: streamArn,
      PartitionKey: key,
      Data: Buffer.from(body).toString('base64'),
      ...(after === undefined ? {} : { SequenceNumberForOrdering: after }),
    });
    const answer = await orFault(`PutRecord of "${streamArn}"`, sent);
    note(key, (answer as { SequenceNumber?: string } | undefined)?.SequenceNumber);
    return DELIVERED;
  };
  const sendOne = async (event: Outgoing, timeLeft: () => number): Promise<Verdict | undefined> => {
    const { key, content } = event;
    const body = toEventText(content);
    const bytes = byteLength(body) + byteLength(key);
    if (bytes > MAX_RECORD_BYTES) return tooLarge('Kinesis', bytes, MAX_RECORD_BYTES);
    if (timeLeft() < room) return undefined;
    try {
      return await put(key, body);
    } catch (error) {
      if (!isRefused(error)) return verdictOf(error);
      if (!last.delete(key)) return { kind: 'rejected', reason: (error as Error).message };
    }
    // The number may be of a shard that was split or merged since: without it the record shows whether it is refused itself.
    return sendOne(event, timeLeft);
  };
  return oneByOne(sendOne);
};
