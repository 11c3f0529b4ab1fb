/** What a transform made of an event: events with ids of their own, and names by which an output is known again. */
import { createHash } from 'node:crypto';
import { isJsonObject, type SluiceEvent } from './event.ts';

/**
 * The first event of a list keeps the id; event `i` after it gets `<id>:<i>` unless it has an id of its own, so that
 * destinations can tell them apart and a retry gives the same ids.
 * @param outputs as JSON
 * @param messageId of the event that they were made of
 * @returns undefined when one of them is not an event
 */
export const toEvents = (
  outputs: readonly string[],
  messageId: string,
): readonly SluiceEvent[] | undefined => {
  const events = outputs.map((json, i): SluiceEvent | undefined => {
    const made: unknown = JSON.parse(json);
    if (!isJsonObject(made)) return undefined;
    const own = made['messageId'];
    const id = typeof own === 'string' && own !== '' ? own : messageId;
    return { ...made, messageId: i > 0 && id === messageId ? `${messageId}:${i}` : id };
  });
  return events.every((event) => event !== undefined) ? events : undefined;
};

/** Characters of base64url: 96 bits. Of 5,000 outputs, the most there may be, two are alike with a probability of 2e-22. */
export const NAME_LENGTH = 16;

/** The same for outputs of the same id and the same content. */
export const nameOf = (output: SluiceEvent): string =>
  createHash('sha256')
    .update(JSON.stringify([output.messageId, output]))
    .digest('base64url')
    .slice(0, NAME_LENGTH);
