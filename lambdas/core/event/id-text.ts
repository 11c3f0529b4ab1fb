/**
 * An id as text. The rules are those of RudderStack's gateway, so that its `rudderId` and ours are of the same text.
 * Source: rudder-go-kit, `stringify.Any` and `sanitize.Unicode`.
 */
import { ExactNumber, stringify } from '../base/exact-json.ts';
import { isJsonObject } from './event.ts';

/**
 * Characters that show nothing: control and format characters, separators other than the space, what has no character
 * assigned, and the few marks, letters and symbols that are blank.
 */
const INVISIBLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|[\u034F\u17B4\u17B5\u115F\u1160\u2800\u3164\uFFA0]/gu;

/** Of ASCII, what can be seen, and the space: most ids have nothing else. */
const NOT_PLAIN = /[^ -~]/;

/** Without characters that nobody sees, and trimmed. */
export const visibleText = (text: string): string =>
  (NOT_PLAIN.test(text) ? text.replace(INVISIBLE, '') : text).trim();

/** Two objects that differ in the order of their names alone have one text. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
  return Object.fromEntries(entries.map(([name, one]) => [name, sorted(one)]));
};

/**
 * Of a value that is no text, the id is its JSON: `true` is "true", 42 is "42", `{}` is "{}". A number is its text as it was sent.
 * @returns empty: no id
 */
export const idText = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return visibleText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (value instanceof ExactNumber) return value.text;
  return visibleText(stringify(sorted(value)));
};
