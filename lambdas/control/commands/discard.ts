/**
 * `discard`: takes one event out of a parked key, for good, with the operator's reason. It is the only way in which anything of
 * a parked key is skipped. Under the key's lease, as a drain has it; the record is saved before the event is taken out, so
 * that a death in between leaves both, and the same command repeated leaves the record alone.
 */
import type { ControlAnswer } from '../../../contract/operations.ts';
import { stringify } from '../../core/base/exact-json.ts';
import { parseEnvelope, type EventsEnvelope } from '../../core/event/envelope.ts';
import type { SluiceEvent } from '../../core/event/event.ts';
import { MAX_MESSAGE_BYTES } from '../../core/base/limits.ts';
import type { ParkedMessage } from '../../core/stage/parking-port.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { kept } from '../../core/event/rejection.ts';
import type { ControlDeps } from '../ports.ts';
import { done, refuse, stagesWithRecords } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import { withoutEvent } from './discarded-message.ts';
import * as fields from './fields.ts';
import { borrowKey } from './lease.ts';
import { giveBack, settleKey } from './settle-key.ts';
import { notParked, waitingEvents } from './show.ts';

type DiscardRequest = Requests['discard'];

interface Found {
  readonly message: ParkedMessage;
  readonly envelope: EventsEnvelope;
  readonly index: number;
  readonly event: SluiceEvent;
}

const findEvent = (messages: readonly ParkedMessage[], messageId: string): Found | undefined => {
  for (const message of messages) {
    const found = waitingEvents(message).find(({ event }) => event.messageId === messageId);
    const envelope = found === undefined ? undefined : parseEnvelope(message.body);
    if (found !== undefined && envelope?.kind === 'events') return { message, envelope, ...found };
  }
  return undefined;
};

/**
 * The record's id is the same until the event is taken out, and another for each further event that is taken out of the
 * message, even if an SDK gave two the same id.
 */
const toRecord = (
  { message, envelope, index, event }: Found,
  request: DiscardRequest,
  { clock, by }: Pick<ControlDeps, 'clock' | 'by'>,
): Rejection => ({
  id: `${message.id}:discarded:${envelope.events.length}:${index}`,
  stage: request.stage,
  receivedAt: envelope.receivedAt,
  at: clock(),
  reason: request.reason,
  sourceId: envelope.sourceId,
  // The whole of it, since a discarded event can be sent again.
  ...kept(stringify(event), MAX_MESSAGE_BYTES),
  discarded: true,
  ...(by === undefined ? {} : { by }),
  key: request.key,
  ...(envelope.transformed === true ? { transformed: true } : {}),
  ...(envelope.masked === true ? { masked: true } : {}),
});

/** The same command repeated continues where it ended, when the lease is over. */
const run = async (deps: ControlDeps, request: DiscardRequest): Promise<ControlAnswer<'discard'>> => {
  const { stage, key, messageId } = request;
  const known = await stagesWithRecords(deps, stage);
  if (!known.ok) return known;
  const head = await deps.parking.readHead(stage, key);
  if (head === undefined) return notParked(stage, key);
  const owner = await borrowKey(deps, stage, head);
  if (owner === undefined)
    return refuse(`key: "${key}" is being tried at this moment; ask again in a minute`);

  const messages = await deps.parking.oldest(stage, key, fields.MAX_LIMIT);
  const found = findEvent(messages, messageId);
  if (found === undefined) {
    await giveBack(deps, stage, head, owner);
    const where =
      messages.length < fields.MAX_LIMIT ? 'the key' : `the oldest ${fields.MAX_LIMIT} messages of the key`;
    return refuse(
      `messageId: no event with the id "${messageId}" waits in ${where}; "show" lists those that wait, ` +
        `"rejected" those that were discarded`,
    );
  }
  await takeOut(deps, request, found);
  const isOldest = found.message.sort === messages[0]?.sort;
  return done<'discard'>({ discarded: messageId, left: await settleKey(deps, stage, head, owner, isOldest) });
};

/** The record first: a death in between must not lose the event without a trace. */
const takeOut = async (deps: ControlDeps, request: DiscardRequest, found: Found): Promise<void> => {
  const { parking, rejections, log } = deps;
  const { stage, key } = request;
  await rejections.save(toRecord(found, request, deps));
  const left = withoutEvent(found.message, found.envelope, found.index);
  if (left === undefined) await parking.deleteMessage(stage, key, found.message.sort);
  else await parking.saveMessage(stage, left);
  log('warn', 'an operator discarded an event', { ...request });
};

export const discard: Command<'discard'> = {
  schema: requestSchema('discard', {
    stage: fields.stage,
    key: fields.key,
    messageId: fields.text("the event's messageId"),
    reason: fields.reason,
  }),
  run,
};
