/**
 * Replay is bulk parking: events of the archive become parked messages of the destination's keys, and the drain delivers them. So a user's
 * order holds: what is replayed goes before what is parked and before what arrives, and no two workers are on a key.
 *
 * For the messages of one key, in their order:
 *  1. P1: put the message, under a place of the replay's own.
 *  2. P2, after the first and after the last: give the head a fresh token. A head without a lease rests, until a batch is over that has read
 *     that there is none.
 *
 * A place is made of what is archived alone: a part of a replay that is repeated puts the same messages under the same places.
 *
 * | without it | what would happen |
 * |---|---|
 * | P1 before P2 | loss: a drain finds no message and deletes the head in between; the message is nowhere |
 * | P2 after the last | loss: a drain that has read the key's last page deletes the head under what is put meanwhile |
 * | the rest | a batch that has read that the key is not parked, and a drain, work on one key |
 * | one after another | a death, or a drain, in between: a later message is delivered, and an earlier one put afterwards |
 * | the replay's id in the place | loss: the deletion of what an earlier replay put, when it lands late, takes this one's |
 * | places of what is archived alone | a part that is repeated parks its messages twice |
 */
import type { Clock } from '../base/clock.ts';
import { CALL_MARGIN } from '../base/limits.ts';
import type { ParkedMessage, ParkingStore } from './parking-port.ts';

/** How the reason of a head begins that a replay has made. It says nothing of the events. */
export const REPLAYED = 'replayed: ';

/** As many digits as SQS's sequence numbers may have; see `parking.ts`. */
const SEQUENCE_DIGITS = 39;
/** A message has at most 256 KB. */
const EVENT_DIGITS = 6;

export interface ReplayedMessage {
  readonly key: string;
  /** Of the message that was archived: the order of the key. */
  readonly sequence: string;
  /** The first and the last of its events. */
  readonly first: number;
  readonly last: number;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
}

type Place = Pick<ReplayedMessage, 'sequence' | 'first' | 'last'>;

/** After dead letters (`A#`) and before what comes from the queue (`E#`): the past goes first. */
export const replaySortOf = (replay: string, { sequence, first, last }: Place): string =>
  [
    'B',
    replay,
    sequence.padStart(SEQUENCE_DIGITS, '0'),
    String(first).padStart(EVENT_DIGITS, '0'),
    String(last).padStart(EVENT_DIGITS, '0'),
  ].join('#');

export const toParked = (
  { key, body, sentAt, sequence, first, last }: ReplayedMessage,
  replay: string,
  parkedAt: number,
): ParkedMessage => ({
  sort: replaySortOf(replay, { sequence, first, last }),
  // SQS numbers the messages of each key apart, and what a stage counts it counts by id.
  id: `${replay}-${key}-${sequence}-${first}-${last}`,
  groupId: key,
  body,
  sequenceNumber: sequence,
  sentAt,
  parkedAt,
});

export interface ReplayParking {
  readonly stage: string;
  readonly replay: string;
  readonly parking: Pick<ParkingStore, 'putMessage' | 'touchHead'>;
  readonly clock: Clock;
  readonly uuid: () => string;
  /** The longest that a function of the stage runs; milliseconds. */
  readonly functionTime: number;
}

/** @param messages of one key, in order @throws InfraFault; the same messages are to be parked again */
export const parkReplayed = async (
  messages: readonly ReplayedMessage[],
  { stage, replay, parking, clock, uuid, functionTime }: ReplayParking,
): Promise<void> => {
  for (const [i, message] of messages.entries()) {
    const { key } = message;
    await parking.putMessage(stage, toParked(message, replay, clock()));
    if (i > 0 && i < messages.length - 1) continue;
    const token = uuid();
    const now = clock();
    // The call may take its time, and a batch read the head's absence until it has landed.
    const lease = { owner: `rest:${token}`, until: now + functionTime + CALL_MARGIN };
    await parking.touchHead(stage, key, { token, now, reason: `${REPLAYED}${replay}`, lease });
  }
};
