/**
 * The parking protocol: how a message that cannot be processed is set aside, and its key's later messages behind it,
 * without losing one and without changing their order, with SQS FIFO and writes of single items only.
 *
 * A key is parked while its head exists. Its messages are next to the head, under sort keys that are their order. While a
 * key is parked, whatever of it comes out of the queue is put behind what is there, and the drain alone processes it.
 * "The mode" is always the stage's and the system's, read strongly; the stricter holds.
 *
 * From the queue (`key-run.ts`, `queue-attempt.ts`), for each message of a key, in order:
 *  1. Is the key known to be parked? Its head was read with the batch, or the batch has parked a message of it. Was the message
 *     received 500 times? Then it is parked whatever the mode: on to 2, and from there to 5, uncounted. So it is in a stage that is
 *     normal when the key's backlog would hide other users in the queue (`crowding.ts`), as decided once for the batch.
 *  2. Delivered before: is this very message parked already? Then on to 6.
 *  3. The key is parked: on to 5.
 *  4. Not enough time left: stop, with nothing charged. Delivered before: read the mode again (blocked: stop, uncharged). An attempt was
 *     begun, under this mode and code, and nothing says how it ended: the process died at it. That is reported to the mode machine and
 *     counted for the key. Then charge an attempt, with the time at which it begins, immediately before it begins and nowhere else.
 *     Attempts used up: count the redrive, and on to 5. Otherwise process it. However it ends, the ledger says so. Done: on to 7. It
 *     crashed: record that, charge it if that was not done, stop the key. AWS or the destination failed: take the charge back, keep
 *     the progress, stop the key - or, when that makes it trouble of the key's own (`own-trouble.ts`), on to 5 without counting.
 *     What the attempt has shown is reported to the mode machine (`known-mode.ts`): its progress first.
 *  5. P1: put the message.
 *  6. P2: give the head a fresh token, creating it when there is none, and touch nothing else of it.
 *  7. The message is finished: delete it from the queue before the next one of its key begins, and immediately when it was
 *     delivered before; otherwise the batch's response does it. If the delete fails, stop the key.
 *
 * The drain of a key (`key-drain.ts`), in a function that is killed before its lease ends:
 *  1. Take the lease. The same write counts a failure and sets when the key is due again; a success takes that back. A drain's lease
 *     that nobody gave back: its process died, which is reported and counted for the key.
 *  2. Read the head's token, and only then a page of the oldest messages, strongly, from the key's first message on.
 *  3. For each of the page, in order: the lease was seen at most a second ago and lasts, and the mode was read at most a second ago and
 *     there is time (otherwise give the lease back, uncounted); process the message, or a unit (below), then delete it. A failure: keep the progress, mark the
 *     head if it has become trouble of the key's own, give the lease back with its backoff, stop. A drain's crash is no redrive, and a
 *     drain skips nothing. What it has shown is reported like an attempt's; of a key in trouble of its own, only its progress. That
 *     trouble ends when a message gets through.
 *  4. The page was not all there is: back to 2. It was: delete the head, if token and lease are still the same. Refused: back to 2.
 *     Deleted: the key flows again.
 *
 * Units: a drain, and a batch of the queue, works on several of the next messages as one where the stage can (`Process.unit`), so that a
 * request takes the events of all. Nothing is known of their attempts; in the queue, all are at their first delivery. Of what comes out,
 * the done messages from the first on without a gap count. They are deleted one by one, the oldest first, so that whatever ends that leaves
 * the later ones; only then what became of the message behind them is recorded, and it may be parked. The last of a batch is left to its response.
 *
 * A head that a dead letter creates rests (a lease of nobody's) until a batch that has read that there is none is over.
 *
 * While the stage is degraded, trials (`trial.ts`) try single messages of both, and count nothing.
 *
 * What each step is there for:
 *
 * | without it | what would happen |
 * |---|---|
 * | 1: the batch remembers what it parked | later messages of the same batch overtake the parked one |
 * | 2 | a message parked by a delivery that died before P2 stays behind without a head, and is found much later |
 * | 3, or with a read that may be stale | later messages overtake; two functions work on one key |
 * | 4: the charge at the attempt only, keys one after another, deletes immediately | neighbours of a poison count as poison |
 * | 4: the redrive is counted before P1 | a death in between: the message is parked, and never counted |
 * | P1 before P2 | loss: a drain finds no message and deletes the head in between; the message is nowhere |
 * | a fresh token, its condition, its read before the query | loss: what is appended during the drain's last query |
 * | the strong and ascending query | order; and loss, when a stale one finds nothing |
 * | each page from the first message on | loss of a dead letter that is parked before the others meanwhile |
 * | the head goes only when the page was all | loss of what is behind it |
 * | units: deleted one by one, the oldest first | a death in between: earlier events again, and the last one not |
 * | units: the prefix alone; nothing begun behind what is not done | loss of the rest; later events overtake |
 * | the rest of a dead letter's head | a batch and a drain on one key |
 * | progress saved without the message, for its edition only | a discarded event comes back, or one is skipped |
 * | P2 as an update of the token alone | it would wipe a live lease: two drains on one key |
 * | parked before it is deleted from the queue | loss: a death in between |
 * | processed before it is deleted from the parking table | loss: a death in between |
 * | a lease that outlives its function | two drains on one key |
 * | 7: deleted before the next one begins | an earlier event delivered again after a later one |
 * | 1: parked at 500 receives | SQS takes it off the queue at 1,000, and its key's later messages overtake it |
 * | 1: parked for its backlog | SQS looks at 120,000 messages; when those are one key's, it hands out no other key's |
 * | 4: the begun attempt in the ledger | code that ends its process for every user takes an hour or more to degrade its stage |
 * | trouble of its own, of others that got through | one user that always fails keeps its stage degraded, or hides that nobody gets through |
 */
import { createHash } from 'node:crypto';
import { HEAD_SHARDS } from './parking-port.ts';
import type { Attempt } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import type { RunnerDeps } from './runner-deps.ts';

/**
 * A message that was received this often is parked, whatever the mode. SQS's own redrive policy takes it off the queue at 1,000, and
 * lets its user's later messages pass.
 */
export const MAX_RECEIVES = 500;

/** Why such a message is parked; undefined for any other. */
export const tooOften = ({ receiveCount }: Pick<IncomingMessage, 'receiveCount'>): string | undefined =>
  receiveCount < MAX_RECEIVES
    ? undefined
    : `the queue has handed it out ${receiveCount} times, and would give up on it at 1,000`;

/** SQS's sequence numbers have up to 39 digits (128 bits); padded, text order is number order. */
const SEQUENCE_DIGITS = 39;
/** Enough for milliseconds since 1970 until the year 33,658. */
const TIME_DIGITS = 15;

/** The place of a message that came from the stage's queue. */
export const sortOf = ({ sequenceNumber }: Pick<IncomingMessage, 'sequenceNumber'>): string =>
  `E#${sequenceNumber.padStart(SEQUENCE_DIGITS, '0')}`;

/**
 * The place of a message that came from the dead-letter queue: before all that come from the queue itself, since SQS
 * took it off before it gave out the later ones. Its sequence number is the dead-letter queue's, and alone no place.
 */
export const deadLetterSortOf = ({
  sentAt,
  sequenceNumber,
}: Pick<IncomingMessage, 'sentAt' | 'sequenceNumber'>): string =>
  `A#${String(sentAt).padStart(TIME_DIGITS, '0')}#${sequenceNumber.padStart(SEQUENCE_DIGITS, '0')}`;

/** The part of the index of heads in which a key's head is found, 0 to `HEAD_SHARDS` - 1. */
export const shardOf = (key: string): number => digestOf(key).readUInt32BE(0) % HEAD_SHARDS;

/** Which of `parts` workers of its shard drains a key, 0 to `parts` - 1. */
export const partOf = (key: string, parts: number): number => digestOf(key).readUInt32BE(4) % parts;

const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

type ParkingDeps = Pick<RunnerDeps, 'stage' | 'ports' | 'time'>;

export interface Place {
  readonly sort: string;
  /** Why, for people; the head keeps the first. */
  readonly reason: string;
  /** What the ledger knows: draining continues where the queue's attempts stopped. */
  readonly attempt: Attempt | undefined;
  /** As a redrive. */
  readonly counted: boolean;
  /** Until when nobody works on the key, if its head has no lease; milliseconds since 1970. */
  readonly restsUntil?: number;
}

/** P1 and P2. @throws InfraFault; whatever was written by then, the message must be kept by its queue, which redelivers it */
export const park = async (message: IncomingMessage, place: Place, deps: ParkingDeps): Promise<void> => {
  const { stage, ports, time } = deps;
  const { sort, attempt, reason, counted, restsUntil } = place;
  const { id, groupId, body, sequenceNumber, sentAt } = message;
  await ports.parking.putMessage(stage.name, {
    sort,
    id,
    groupId,
    body,
    sequenceNumber,
    sentAt,
    parkedAt: time.clock(),
    ...(attempt === undefined ? {} : { attempt }),
  });
  await touchHead(groupId, reason, deps, restsUntil);
  ports.observe({ type: 'parked', message, reason, counted });
};

/** P2. @param restsUntil as `Place` has it @throws InfraFault */
export const touchHead = async (
  key: string,
  reason: string,
  { stage, ports, time }: ParkingDeps,
  restsUntil?: number,
): Promise<void> => {
  const token = ports.uuid();
  const lease = restsUntil === undefined ? {} : { lease: { owner: `rest:${token}`, until: restsUntil } };
  await ports.parking.touchHead(stage.name, key, { token, now: time.clock(), reason, ...lease });
};
