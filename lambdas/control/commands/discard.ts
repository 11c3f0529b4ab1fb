/**
 * `discard`: takes one event out of a parked key, for good, with the operator's reason. It is the only way in which anything of
 * a parked key is skipped. Under the key's lease, as a drain has it; the record is saved before the event is taken out, so
 * that a death in between leaves both, and the same command once more leaves the record alone.
 */
import type { ControlAnswer } from '../../../contract/operations.ts';
import { parseEnvelope, type EventsEnvelope } from '../../core/event/envelope.ts';
import type { SluiceEvent } from '../../core/event/event.ts';
import { MAX_MESSAGE_BYTES } from '../../core/base/limits.ts';
import { isShut } from '../../core/mode/record.ts';
import { shardOf } from '../../core/stage/parking.ts';
import type { Head, ParkedMessage } from '../../core/stage/parking-port.ts';
import type { Rejection } from '../../core/event/ports.ts';
import { kept } from '../../core/event/rejection.ts';
import { startDrains } from '../drains.ts';
import type { ControlDeps } from '../ports.ts';
import { Steps } from '../steps.ts';
import { done, refuse, stagesWithRecords } from './answer.ts';
import { withoutEvent } from './discarded-message.ts';
import { borrowKey, returnDue } from './lease.ts';
import { countMessages } from './parked.ts';
import { MAX_LIMIT } from './request.ts';
import { notParked, waitingEvents } from './show.ts';

export interface DiscardRequest {
  readonly stage: string;
  readonly key: string;
  readonly messageId: string;
  readonly reason: string;
}

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
  at: number,
): Rejection => ({
  id: `${message.id}:discarded:${envelope.events.length}:${index}`,
  stage: request.stage,
  receivedAt: envelope.receivedAt,
  at,
  reason: request.reason,
  sourceId: envelope.sourceId,
  // The whole of it, since a discarded event can be sent again.
  ...kept(JSON.stringify(event), MAX_MESSAGE_BYTES),
  discarded: true,
  key: request.key,
  ...(envelope.transformed === true ? { transformed: true } : {}),
});

/** @throws InfraFault, MessageRefused; the same command once more continues where it ended, when the lease is over */
export const discard = async (
  deps: ControlDeps,
  request: DiscardRequest,
): Promise<ControlAnswer<'discard'>> => {
  const { stage, key, messageId } = request;
  const known = await stagesWithRecords(deps, stage);
  if (!known.ok) return known;
  const head = await deps.parking.readHead(stage, key);
  if (head === undefined) return notParked(stage, key);
  const owner = await borrowKey(deps, stage, head);
  if (owner === undefined)
    return refuse(`key: "${key}" is being tried at this moment; ask again in a minute`);

  const messages = await deps.parking.oldest(stage, key, MAX_LIMIT);
  const found = findEvent(messages, messageId);
  if (found === undefined) {
    await giveBack(deps, stage, head, owner);
    const where = messages.length < MAX_LIMIT ? 'the key' : `the oldest ${MAX_LIMIT} messages of the key`;
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
const takeOut = async (
  { parking, rejections, clock, log }: ControlDeps,
  request: DiscardRequest,
  found: Found,
): Promise<void> => {
  const { stage, key } = request;
  await rejections.save(toRecord(found, request, clock()));
  const left = withoutEvent(found.message, found.envelope, found.index);
  if (left === undefined) await parking.deleteMessage(stage, key, found.message.sort);
  else await parking.saveMessage(stage, left);
  log('warn', 'an operator discarded an event', { ...request });
};

/** As if the lease had not been taken. */
const giveBack = async (
  { parking }: ControlDeps,
  stage: string,
  { key, failures, nextAttemptAt }: Head,
  owner: string,
): Promise<void> => {
  await parking.releaseLease(stage, key, owner, { failures, nextAttemptAt });
};

/**
 * Ends the lease; and the parking, if nothing is left. The token is read before it is looked whether anything is left, so
 * that what is parked meanwhile keeps its head.
 * @param isOldest the event was of the oldest message: it may be what held the key up, so the key is due at once
 * @returns how many messages of the key are left
 */
const settleKey = async (
  deps: ControlDeps,
  stage: string,
  before: Head,
  owner: string,
  isOldest: boolean,
): Promise<number> => {
  const { parking } = deps;
  const { key } = before;
  const head = await parking.readHead(stage, key);
  const left = await countMessages(deps, stage, key);
  if (left === 0 && head !== undefined && (await parking.deleteHead(stage, key, head.token, owner))) return 0;
  if (!isOldest) {
    await giveBack(deps, stage, before, owner);
    return left;
  }
  await returnDue(deps, stage, key, owner);
  // What fails here the next minute's run does.
  await new Steps(deps).try('start a drain', () => startDrain(deps, stage, key), { stage });
  return left;
};

const startDrain = async (deps: ControlDeps, id: string, key: string): Promise<void> => {
  const stage = deps.stages.find((one) => one.id === id);
  const [router] = deps.stages;
  if (stage === undefined || router === undefined) return;
  if (isShut(await deps.modes.readModes([id, router.id]))) return;
  await startDrains(deps, stage, [shardOf(key)]);
};
