/**
 * A delivery stream of Firehose: an event is a record, its JSON and a line end, so that what Firehose writes has an event a line. It keeps
 * no order.
 */
import type { Call } from '../../../aws/direct-call.ts';
import { notDone, orFault } from '../../../aws/errors.ts';
import { AccessFault } from '../../../core/base/faults.ts';
import { byteLength } from '../../../core/base/text.ts';
import { several } from '../aws/several.ts';
import { DELIVERED, nameOfCause, verdictOf } from '../aws/verdicts.ts';
import type { Sender, Verdict } from '../sender.ts';

export interface FirehoseDeps {
  /** Of the region that has the stream. It does not try again. */
  readonly call: Call;
  /** The stream's: a call has its name, and an error says where it is. */
  readonly streamArn: string;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
}

/** Firehose's quotas: records of a call, their bytes together, and those of one, all before base64. */
export const MAX_RECORDS = 500;
const CALL_BYTES = 4_194_304;
export const MAX_RECORD_BYTES = 1_024_000;

/** A record may hold anything, and its size is known here: `InvalidArgumentException` is about the stream, and is tried again. */
const REFUSED = /^(Validation|Serialization|RequestEntityTooLarge)(Exception)?$/;
/** What an operator has to change: the stream's key, or where it takes its records from. */
const NO_ACCESS = /^Invalid(KMSResource|Source)Exception$/;

const OPERATION = 'PutRecordBatch';

interface Answered {
  readonly RecordId?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

const toVerdict = (record: Answered | undefined): Verdict => {
  if (record?.RecordId !== undefined && record.ErrorCode === undefined) return DELIVERED;
  const { ErrorCode: code = 'NotMentioned', ErrorMessage: said = 'Firehose did not mention it' } =
    record ?? {};
  return verdictOf(notDone(OPERATION, `${code}: ${said}`, REFUSED.test(code)));
};

export const firehoseSender = ({ call, streamArn, room }: FirehoseDeps): Sender => {
  const name = streamArn.replace(/^.*\//, '');
  return several({
    service: 'Firehose',
    entries: MAX_RECORDS,
    callBytes: CALL_BYTES,
    maxBytes: MAX_RECORD_BYTES,
    // With its line end.
    sizeOf: (_event, text) => byteLength(text) + 1,
    room,
    refusedContent: REFUSED,
    sendCall: async (events, texts) => {
      const Records = texts.map((text) => ({ Data: Buffer.from(`${text}\n`).toString('base64') }));
      const sent = call('PutRecordBatch', { DeliveryStreamName: name, Records });
      try {
        const answer = await orFault(`${OPERATION} of "${streamArn}"`, sent);
        const said = (answer as { RequestResponses?: readonly Answered[] } | undefined)?.RequestResponses;
        return events.map((_, i) => toVerdict(said?.[i]));
      } catch (error) {
        if (NO_ACCESS.test(nameOfCause(error)))
          throw new AccessFault((error as Error).message, { cause: error });
        throw error;
      }
    },
  });
};
