/** `show`: what waits in a parked key, event by event. */
import * as v from 'valibot';
import type { ControlAnswer } from '../../../contract/operations.ts';
import type { ParkedMessageView } from '../../../contract/operator-views.ts';
import { parseEnvelope } from '../../core/event/envelope.ts';
import type { SluiceEvent } from '../../core/event/event.ts';
import type { ParkedMessage } from '../../core/stage/parking-port.ts';
import type { Attempt } from '../../core/stage/ports.ts';
import { byteLength } from '../../core/base/text.ts';
import { both } from '../fan-out.ts';
import type { ControlDeps } from '../ports.ts';
import { done, refuse, stagesWithRecords } from './answer.ts';
import { requestSchema, type Command, type Requests } from './command.ts';
import * as fields from './fields.ts';
import { countMessages, describeKey } from './parked.ts';

/** An answer of Lambda has at most 6 MB; one message more than this still fits. */
const MAX_ANSWER_BYTES = 4_000_000;

export const notParked = (stage: string, key: string) =>
  refuse(`key: "${key}" is not parked in ${stage}; "parked" lists the keys that are`);

/** The events that wait in a message, with the place of each; none when it holds something else than events. */
export const waitingEvents = ({
  body,
  attempt,
}: Pick<ParkedMessage, 'body' | 'attempt'>): readonly { index: number; event: SluiceEvent }[] => {
  const envelope = parseEnvelope(body);
  if (envelope?.kind !== 'events') return [];
  const finished = attempt?.progress?.events ?? 0;
  return envelope.events.map((event, index) => ({ index, event })).slice(finished);
};

/** Only of a message that has failed: a crash alone has a field of its own. */
const tries = ({ failures, firstFailedAt, lastFailedAt }: Attempt) => ({
  ...(failures === 0 ? {} : { failures }),
  ...(firstFailedAt === undefined ? {} : { firstFailedAt }),
  ...(lastFailedAt === undefined ? {} : { lastFailedAt }),
});

const view = (message: ParkedMessage, content: boolean): ParkedMessageView => {
  const { id, sequenceNumber, sentAt, parkedAt, attempt } = message;
  return {
    messageId: id,
    sequence: sequenceNumber,
    acceptedAt: sentAt,
    parkedAt,
    done: attempt?.progress?.events ?? 0,
    ...(attempt === undefined ? {} : tries(attempt)),
    ...(attempt?.crash === undefined ? {} : { crash: attempt.crash }),
    ...(attempt?.lastError === undefined ? {} : { lastError: attempt.lastError }),
    events: waitingEvents(message).map(({ event }) => ({
      messageId: event.messageId,
      ...(typeof event['type'] === 'string' ? { type: event['type'] } : {}),
      ...(content ? { event } : {}),
    })),
  };
};

const run = async (
  deps: ControlDeps,
  { stage, key, content = false, limit = fields.DEFAULT_LIMIT }: Requests['show'],
): Promise<ControlAnswer<'show'>> => {
  const known = await stagesWithRecords(deps, stage);
  if (!known.ok) return known;
  const head = await deps.parking.readHead(stage, key);
  if (head === undefined) return notParked(stage, key);
  const [count, found] = await both(
    countMessages(deps, stage, key),
    // One more than is shown, to know whether there are more.
    deps.parking.oldest(stage, key, limit + 1),
  );
  const messages: ParkedMessageView[] = [];
  let bytes = 0;
  for (const message of found.slice(0, limit)) {
    if (bytes > MAX_ANSWER_BYTES) break;
    const shown = view(message, content);
    bytes += byteLength(JSON.stringify(shown));
    messages.push(shown);
  }
  return done<'show'>({
    key: describeKey(stage, head, count, found[0]),
    messages,
    more: messages.length < found.length,
  });
};

export const show: Command<'show'> = {
  schema: requestSchema('show', {
    stage: fields.stage,
    key: fields.key,
    content: v.exactOptional(fields.content),
    limit: v.exactOptional(fields.limit),
  }),
  run,
};
