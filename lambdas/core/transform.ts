/** The user's own code, and what it may return. */
import { isJsonObject, type JsonObject, type SluiceEvent } from './event.ts';

/** May be async. Returns an event, a list of events, or null to filter the event out. */
export type Transform = (event: JsonObject) => unknown;

/** A crash of the user's code that is not a throw: it returned what is not an event. */
export class TransformError extends Error {
  override name = 'TransformError';
}

/** The user's module, or what it is to export, is of no use: no event can be processed until another one is deployed. */
export class LoadError extends Error {
  override name = 'LoadError';
}

const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1);

const describe = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  return isJsonObject(value) ? `a ${tagOf(value)}` : value === null ? 'null' : typeof value;
};

/**
 * A promise that was not awaited, a Map, an Error: JSON makes `{}` of them, and the event would be gone without a
 * word. Instances of the user's own classes are fine.
 */
const isPlain = (value: unknown): value is JsonObject => isJsonObject(value) && tagOf(value) === 'Object';

/** Reads an output back as the JSON that will be sent: what JSON drops (functions, undefined) is gone from here on. */
const toEvent = (output: unknown, messageId: string): SluiceEvent => {
  if (!isPlain(output)) {
    throw new TransformError(
      `transform returned ${describe(output)} for event ${messageId}; return an event, a list of events, or null`,
    );
  }
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(output));
  } catch (error) {
    throw new TransformError(
      `transform returned what JSON cannot hold for event ${messageId}: ${String(error)}`,
      {
        cause: error,
      },
    );
  }
  if (!isJsonObject(copy))
    throw new TransformError(`transform returned what JSON cannot hold for event ${messageId}`);
  const own = copy['messageId'];
  return { ...copy, messageId: typeof own === 'string' && own !== '' ? own : messageId };
};

/**
 * Runs a transform on one event. It is given a copy, so that what it does to its argument harms nobody.
 *
 * The first event of a list keeps the id; event `i` after it gets `<id>:<i>` unless it sets an id of its own, so that
 * destinations can tell them apart and a retry gives the same ids.
 * @returns none when the event was filtered out
 * @throws whatever the user's code throws; TransformError when it returns something else than events
 */
export const applyTransform = async (
  transform: Transform | undefined,
  event: SluiceEvent,
): Promise<readonly SluiceEvent[]> => {
  if (transform === undefined) return [event];
  const output = await transform(structuredClone(event));
  if (output === null) return [];
  if (!Array.isArray(output)) return [toEvent(output, event.messageId)];
  // `Array.from` visits the holes of a list, which `map` would leave in it.
  return Array.from(output, (item: unknown, i) => {
    const made = toEvent(item, event.messageId);
    return i > 0 && made.messageId === event.messageId
      ? { ...made, messageId: `${event.messageId}:${i}` }
      : made;
  });
};
