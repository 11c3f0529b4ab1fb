/** A parked message without some of its events. Pure. */
import { toMessageBody, type EventsEnvelope } from '../../core/event/envelope.ts';
import type { ParkedMessage } from '../../core/stage/parking-port.ts';
import type { Attempt } from '../../core/stage/ports.ts';

/**
 * What is known of the message's attempts. Its progress counts whole events before the one that is taken out, so it holds;
 * but the finished outputs of that event are gone with it. Charges and crash were the old content's.
 */
const attemptWithout = (attempt: Attempt, index: number): Attempt => {
  const { progress, failures, firstFailedAt, lastError } = attempt;
  if (progress === undefined) return { failures: 0 };
  // The failures were those of the event at which the message stood.
  if (progress.events === index) return { failures: 0, progress: { events: index } };
  return {
    failures,
    progress,
    ...(firstFailedAt === undefined ? {} : { firstFailedAt }),
    ...(lastError === undefined ? {} : { lastError }),
  };
};

/**
 * @param index of an event that is not finished
 * @returns undefined when nothing of the message is left to do
 */
export const withoutEvent = (
  message: ParkedMessage,
  envelope: EventsEnvelope,
  index: number,
): ParkedMessage | undefined => {
  const events = envelope.events.filter((_, i) => i !== index);
  const { attempt, ...rest } = message;
  if (events.length <= (attempt?.progress?.events ?? 0)) return undefined;
  return {
    ...rest,
    body: toMessageBody({ ...envelope, events }),
    ...(attempt === undefined ? {} : { attempt: attemptWithout(attempt, index) }),
  };
};

/** Without an event that is finished: the others stand where they stood. */
const withoutFinished = (
  message: ParkedMessage,
  attempt: Attempt & Required<Pick<Attempt, 'progress'>>,
): ParkedMessage => ({
  ...message,
  attempt: { ...attempt, progress: { ...attempt.progress, events: attempt.progress.events - 1 } },
});

/**
 * @param indexes of events, finished or not
 * @returns undefined when nothing of the message is left to do
 */
export const withoutEvents = (
  message: ParkedMessage,
  envelope: EventsEnvelope,
  indexes: readonly number[],
): ParkedMessage | undefined => {
  let left = { message, envelope };
  // From the last one on: the places of those before it stay.
  for (const index of [...indexes].sort((a, b) => b - a)) {
    const { attempt } = left.message;
    const events = left.envelope.events.filter((_, i) => i !== index);
    const rest = { ...left.envelope, events };
    const without =
      attempt?.progress !== undefined && index < attempt.progress.events
        ? {
            ...withoutFinished(left.message, { ...attempt, progress: attempt.progress }),
            body: toMessageBody(rest),
          }
        : withoutEvent(left.message, left.envelope, index);
    if (without === undefined) return undefined;
    left = { message: without, envelope: rest };
  }
  return left.message;
};
