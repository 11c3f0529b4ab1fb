/** What a transform made of an event: events with ids of their own, and names by which an output is known again. */
import { createHash } from 'node:crypto';
import { stringify } from '../base/exact-json.ts';
import { isJsonObject, type Json, type SluiceEvent } from './event.ts';
import { restoreNumbers } from './untouched.ts';

/**
 * The first event of a list keeps the id; event `i` after it gets `<id>:<i>` unless it has an id of its own, so that
 * destinations can distinguish them and a retry gives the same ids.
 * @param outputs as JSON
 * @param messageId of the event that they were made of
 * @param source that event, where it has numbers whose digits the transform could not see: those that it left alone are put back
 * @returns undefined when one of them is not an event
 */
export const toEvents = (
  outputs: readonly string[],
  messageId: string,
  source?: SluiceEvent,
): readonly SluiceEvent[] | undefined => {
  const events = outputs.map((json, i): SluiceEvent | undefined => {
    const output = JSON.parse(json) as Json;
    const made = source === undefined ? output : restoreNumbers(source, output);
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
    .update(stringify([output.messageId, output]))
    .digest('base64url')
    .slice(0, NAME_LENGTH);
