/**
 * Numbers on their way through a transform. It sees what `JSON.parse` makes of the event, and what it left alone gets its text back.
 *
 * A number was left alone when the output has the same number in the same place: the same field of the same object, from
 * the top of the event on. A number too large for a double, which is `Infinity` to the transform and `null` in its output, was
 * left alone when it is null there. An element of a list is looked up by its content, so that a list that was sorted or filtered
 * keeps its numbers; one that was changed, by its place, if the list is as long as it was.
 */
import { append } from '../base/append.ts';
import { ExactNumber, stringify } from '../base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from './event.ts';

/** As the transform's thread writes it: for an exact number, its double. */
const plain = (value: Json): string => JSON.stringify(value);

const restoreFields = (source: JsonObject, output: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(output).map(([name, value]) => {
      const from = Object.hasOwn(source, name) ? source[name] : undefined;
      return [name, from === undefined ? value : restoreNumbers(from, value)];
    }),
  );

const byContent = (items: readonly Json[]): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  for (const [i, item] of items.entries()) append(places, plain(item), i);
  return places;
};

const restoreList = (source: readonly Json[], output: readonly Json[]): readonly Json[] => {
  const restored = [...output];
  const isFound = new Set<number>();
  const isTaken = new Set<number>();
  const sources = byContent(source);
  for (const [text, places] of byContent(output)) {
    const from = sources.get(text);
    if (from === undefined) continue;
    for (const index of from) isTaken.add(index);
    for (const place of places) isFound.add(place);
    // Of elements that differ in digits beyond a double, it is not known which one is missing.
    if (from.length !== places.length && new Set(from.map((index) => stringify(source[index]))).size > 1)
      continue;
    places.forEach((place, i) => {
      restored[place] = source[from[Math.min(i, from.length - 1)] ?? 0] ?? null;
    });
  }
  if (source.length !== output.length) return restored;
  return restored.map((item, i) =>
    isFound.has(i) || isTaken.has(i) ? item : restoreNumbers(source[i] ?? null, item),
  );
};

/** @param output what a transform made of `source` @returns it, with the exact numbers that were left alone */
export const restoreNumbers = (source: Json, output: Json): Json => {
  if (source instanceof ExactNumber) return plain(source) === plain(output) ? source : output;
  if (Array.isArray(source)) return Array.isArray(output) ? restoreList(source, output) : output;
  return isJsonObject(source) && isJsonObject(output) ? restoreFields(source, output) : output;
};
