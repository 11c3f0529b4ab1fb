/** A bus of EventBridge: an event of ours is the `detail` of one of its. It keeps no order. */
import type { Call } from '../../../aws/direct-call.ts';
import { notDone, orFault } from '../../../aws/errors.ts';
import { several } from '../aws/several.ts';
import { DELIVERED, verdictOf } from '../aws/verdicts.ts';
import type { Sender, Verdict } from '../sender.ts';

export interface EventBridgeDeps {
  /** Of the region that has the bus. It does not try again. */
  readonly call: Call;
  readonly busArn: string;
  readonly source: string;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
}

/** EventBridge's quota of a call's entries ... */
const MAX_ENTRIES = 10;
/** ... and of their bytes, with room for what is around a detail. Whether it takes a larger one alone it says itself. */
const CALL_BYTES = 262_144 - 10 * 1_024;
export const MAX_DETAIL_BYTES = 1_048_576;

const REFUSED =
  /^(Validation|InvalidArgument|RequestEntityTooLarge|PutEventsRequestEntrySize.*)(Exception)?$/;
/** Codes of entries that are refused for what they hold. */
const REFUSED_ENTRY = /^(MalformedDetail|InvalidArgument|Validation)/;

interface Entry {
  readonly EventId?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

const toVerdict = (entry: Entry | undefined): Verdict => {
  if (entry?.EventId !== undefined) return DELIVERED;
  const { ErrorCode: code = 'NotMentioned', ErrorMessage: said = 'EventBridge did not mention it' } =
    entry ?? {};
  return verdictOf(notDone('PutEvents', `${code}: ${said}`, REFUSED_ENTRY.test(code)));
};

export const eventBridgeSender = ({ call, busArn, source, room }: EventBridgeDeps): Sender =>
  several({
    service: 'EventBridge',
    entries: MAX_ENTRIES,
    callBytes: CALL_BYTES,
    maxBytes: MAX_DETAIL_BYTES,
    room,
    refusedContent: REFUSED,
    sendCall: async (events, texts) => {
      const entries = texts.map((Detail, i) => ({
        EventBusName: busArn,
        Source: source,
        DetailType:
          typeof events[i]?.content['type'] === 'string' ? events[i].content['type'].slice(0, 128) : 'event',
        Detail,
      }));
      const sent = call('PutEvents', { Entries: entries });
      const answer = await orFault(`PutEvents of "${busArn}"`, sent);
      const said = (answer as { Entries?: readonly Entry[] } | undefined)?.Entries ?? [];
      return events.map((_, i) => toVerdict(said[i]));
    },
  });
