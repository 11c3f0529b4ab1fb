/** What a transform returned -> the JSON of its outputs. It reads what user code made, so that it may run user code, and throw. */
import { isArray, NativeError, slice, stringify, tagOf } from './intrinsics.ts';

/** Outputs of one event; the names of those that were delivered must fit the record of an attempt. */
export const MAX_OUTPUTS = 5_000;

/** Characters of all outputs of an event: they are held in memory, together with those of other users. */
const MAX_TEXT = 16 * 1_048_576;

const typeName = (value: unknown): string => {
  const tag = tagOf(value);
  return slice(tag, '[object '.length, tag.length - 1);
};

const describe = (value: unknown): string => {
  if (isArray(value)) return 'a list';
  return value === null ? 'null' : typeof value === 'object' ? `a ${typeName(value)}` : typeof value;
};

/** A crash of the user's code that is not a throw: it returned what is not an event. */
class TransformError extends NativeError {
  override name = 'TransformError';
}

/**
 * A promise that was not awaited, a Map, an Error: JSON makes `{}` of them, and the event would be gone without a
 * word. Instances of the user's own classes are fine.
 */
const isPlain = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !isArray(value) && typeName(value) === 'Object';

const toJson = (output: unknown, messageId: string): string => {
  if (!isPlain(output)) {
    throw new TransformError(
      `transform returned ${describe(output)} for event ${messageId}; return an event, a list of events, or null`,
    );
  }
  let json: string | undefined;
  try {
    json = stringify(output);
  } catch (error) {
    throw new TransformError(`transform returned what JSON cannot hold for event ${messageId}`, {
      cause: error,
    });
  }
  // What has a `toJSON` of its own may be anything in the end.
  if (json?.[0] === '{') return json;
  throw new TransformError(`transform returned what JSON cannot hold for event ${messageId}`);
};

/**
 * @param returned by the transform, awaited
 * @returns none when the event was filtered out
 * @throws TransformError when it is something else than events, and whatever user code throws while it is read
 */
export const toOutputs = (returned: unknown, messageId: string): readonly string[] => {
  if (returned === null) return [];
  const list: readonly unknown[] = isArray(returned) ? returned : [returned];
  const { length } = list;
  if (length > MAX_OUTPUTS) {
    throw new TransformError(
      `transform returned ${length} events for event ${messageId}; at most ${MAX_OUTPUTS} can be made of one`,
    );
  }
  const outputs: string[] = [];
  let characters = 0;
  // By index, so that the holes of a list are found, too.
  for (let i = 0; i < length; i += 1) {
    const json = toJson(list[i], messageId);
    characters += json.length;
    if (characters > MAX_TEXT) {
      throw new TransformError(
        `transform returned more than ${MAX_TEXT / 1_048_576} MB for event ${messageId}; return fewer or smaller events`,
      );
    }
    outputs[i] = json;
  }
  return outputs;
};
