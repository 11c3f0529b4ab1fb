/**
 * A sender of a service that has groups of messages and keeps their order: a group for each order key.
 *
 * A key's events are sent one after another: each when the one before it was taken. Events of several keys share a call. The
 * deduplication id is the event's place, so that a repetition within five minutes is dropped, and two events that are alike are two.
 */
import { createHash } from 'node:crypto';
import { BatchingSender, type BatchingOptions } from '../../../aws/batching-sender.ts';
import { notDone } from '../../../aws/errors.ts';
import type { OutgoingMessage, SendResult } from '../../../core/base/messages.ts';
import { byteLength } from '../../../core/base/text.ts';
import { toEventText } from '../../../core/event/envelope.ts';
import type { SluiceEvent } from '../../../core/event/event.ts';
import type { Outgoing, Sender, Verdict } from '../sender.ts';
import { oneByOne } from './one-by-one.ts';
import { DELIVERED, nameOfCause, tooLarge, verdictOf } from './verdicts.ts';

export interface GroupedMessage extends OutgoingMessage {
  readonly content: SluiceEvent;
}

export interface GroupedDeps extends BatchingOptions<GroupedMessage> {
  readonly service: string;
  /** Bytes of a message that no resource of the service takes. */
  readonly maxBytes: number;
  /** Of a message, with what is around its body. Default: of the body. */
  readonly sizeOf?: (message: GroupedMessage) => number;
  /** What has to be left of the function's time before a call begins; milliseconds. */
  readonly room: number;
  /** Names of errors by which a call is refused as a whole for the content of one of its messages. */
  readonly refusedContent: RegExp;
  /** One call. @throws InfraFault when it failed as a whole */
  readonly send: (messages: readonly GroupedMessage[]) => Promise<readonly SendResult[]>;
}

const toMessage = ({ key, place, content }: Outgoing): GroupedMessage => {
  const body = toEventText(content);
  const deduplicationId = createHash('sha256').update(`${place}\n${body}`).digest('hex');
  return { groupId: key, deduplicationId, body, content };
};

export const grouped = (deps: GroupedDeps): Sender => {
  const { service, operation, maxBytes, room, refusedContent, send } = deps;
  const { sizeOf = ({ body }: GroupedMessage) => byteLength(body) } = deps;
  const gathering = new BatchingSender<GroupedMessage>({ send }, deps);
  const isRefused = (error: unknown): boolean => refusedContent.test(nameOfCause(error));

  /** In a call of its own. */
  const alone = async (message: GroupedMessage): Promise<Verdict> => {
    try {
      const [result] = await send([message]);
      if (result === undefined) throw new Error('a message has no result');
      return result.ok ? DELIVERED : verdictOf(notDone(operation, result.reason, result.senderFault));
    } catch (error) {
      return isRefused(error) ? { kind: 'rejected', reason: (error as Error).message } : verdictOf(error);
    }
  };
  return oneByOne(async (event, timeLeft) => {
    const message = toMessage(event);
    const bytes = sizeOf(message);
    if (bytes > maxBytes) return tooLarge(service, bytes, maxBytes);
    if (timeLeft() < room) return undefined;
    try {
      await gathering.send(message);
      return DELIVERED;
    } catch (error) {
      if (!isRefused(error)) return verdictOf(error);
    }
    // Another user's event was in the call: alone it shows whose content it was.
    return timeLeft() < room ? undefined : alone(message);
  });
};
