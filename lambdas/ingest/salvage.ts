/**
 * Reads a batch whose body is not JSON, event by event.
 *
 * One event with a `NaN`, half a token or a bad escape must not take the others down. Each element of `batch` is cut out by its
 * brackets and quotes, and parsed separately. Where quotes or brackets of an element do not pair up, the batch is read on
 * at the next element that parses and looks like an event: it has a `messageId` and names a user. The text in between is one bad
 * event. A body that ends too early keeps the events that are whole; what follows them is one bad event.
 */
import { parse } from '../core/base/exact-json.ts';
import { CODE, endOfString } from '../core/base/json-scan.ts';
import { isJsonObject } from '../core/event/event.ts';
import { userIds } from '../core/event/order-key.ts';
import { UnreadableEvent } from '../core/ingest/admit.ts';

/** Characters that may be read again in search of the next event, as a multiple of the body's. */
const MAX_REREADS = 4;

const skipSpace = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
};

const isClose = (code: number): boolean => code === CODE.closeObject || code === CODE.closeList;

/** Whether the text may continue so behind a string; where a quote is missing or too many, it does not. */
const mayFollowString = (code: number): boolean =>
  code === CODE.comma || code === CODE.colon || isClose(code);

interface Scan {
  /** Undefined: quotes or brackets do not pair up. */
  readonly end: number | undefined;
  /** How far it has read. */
  readonly read: number;
}

/** @param start of a value @returns the end of an object or a list; of anything else, the comma or the bracket behind it */
const scanValue = (text: string, start: number): Scan => {
  const open: number[] = [];
  for (let i = start; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === CODE.quote) {
      i = endOfString(text, i);
      const next = skipSpace(text, i);
      if (next >= text.length || !mayFollowString(text.charCodeAt(next))) return { end: undefined, read: i };
      i -= 1;
    } else if (code === CODE.openObject || code === CODE.openList) {
      open.push(code);
    } else if (isClose(code)) {
      if (open.length === 0) return { end: i, read: i };
      // Both closing brackets are two behind their opening ones.
      if (open.pop() !== code - 2) return { end: undefined, read: i };
      if (open.length === 0) return { end: i + 1, read: i };
    } else if (code === CODE.comma && open.length === 0) {
      return { end: i, read: i };
    }
  }
  return { end: undefined, read: text.length };
};

const toEvent = (text: string): unknown => {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return new UnreadableEvent(text);
    throw error;
  }
};

const isEvent = (value: unknown): boolean =>
  isJsonObject(value) && typeof value['messageId'] === 'string' && userIds(value) !== undefined;

class BatchReader {
  readonly events: unknown[] = [];
  readonly #text: string;
  #rereads: number;

  constructor(text: string) {
    this.#text = text;
    this.#rereads = MAX_REREADS * text.length;
  }

  /** @param start of the first element */
  read(start: number): void {
    let at = skipSpace(this.#text, start);
    while (at < this.#text.length && this.#text.charCodeAt(at) !== CODE.closeList) {
      const next = this.#readOne(at);
      if (next === undefined) {
        this.events.push(new UnreadableEvent(this.#text.slice(at)));
        return;
      }
      at = skipSpace(this.#text, next);
    }
  }

  /** @returns the start of the next element, or the end of the list; undefined when neither is found */
  #readOne(start: number): number | undefined {
    const end = this.#endOf(start);
    if (end === undefined) return this.#skip(start);
    this.events.push(toEvent(this.#text.slice(start, end).trimEnd()));
    return this.#behind(end);
  }

  /** The end of an element that a comma or the end of the list follows. */
  #endOf(start: number): number | undefined {
    const { end } = scanValue(this.#text, start);
    if (end === undefined) return undefined;
    const code = this.#text.charCodeAt(skipSpace(this.#text, end));
    return code === CODE.comma || code === CODE.closeList ? end : undefined;
  }

  #behind(end: number): number {
    const at = skipSpace(this.#text, end);
    return this.#text.charCodeAt(at) === CODE.comma ? at + 1 : at;
  }

  #skip(start: number): number | undefined {
    const border = /\}\s*,\s*(?=\{)/g;
    border.lastIndex = start;
    for (let found = border.exec(this.#text); found !== null; found = border.exec(this.#text)) {
      const from = border.lastIndex;
      const { end, read } = scanValue(this.#text, from);
      this.#rereads -= read - from;
      if (this.#rereads < 0) return undefined;
      if (end === undefined || !isEvent(toEvent(this.#text.slice(from, end)))) continue;
      this.events.push(new UnreadableEvent(this.#text.slice(start, found.index + 1)));
      return from;
    }
    return undefined;
  }
}

/** Where the value of the body's `batch` begins. */
const startOfBatch = (text: string): number | undefined => {
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== CODE.openObject) return undefined;
  do {
    const name = skipSpace(text, at + 1);
    const colon = skipSpace(text, endOfString(text, name));
    if (text.charCodeAt(name) !== CODE.quote || text.charCodeAt(colon) !== CODE.colon) return undefined;
    const value = skipSpace(text, colon + 1);
    if (text.slice(name, colon).trimEnd() === '"batch"') return value;
    const { end } = scanValue(text, value);
    if (end === undefined) return undefined;
    at = skipSpace(text, end);
  } while (text.charCodeAt(at) === CODE.comma);
  return undefined;
};

/**
 * @param text of a body that is not JSON
 * @returns the elements of its `batch`, in order, each parsed or an `UnreadableEvent`; undefined when it has no such list
 */
export const salvageBatch = (text: string): readonly unknown[] | undefined => {
  const start = startOfBatch(text);
  if (start === undefined || text.charCodeAt(start) !== CODE.openList) return undefined;
  const reader = new BatchReader(text);
  reader.read(start + 1);
  return reader.events;
};

/** The write key of such a body, as Segment's SDKs for phones write it. */
export const salvageKey = (text: string): string | undefined =>
  /"writeKey"\s*:\s*"([^"\\]+)"/.exec(text)?.[1];
