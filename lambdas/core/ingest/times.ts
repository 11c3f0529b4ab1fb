/**
 * An event's three times. A time that can be true is kept as it was sent; one that cannot becomes the time of arrival, as
 * in RudderStack: a clock that was never set, Go's zero time (year 1), a year of another calendar, or digits of another
 * script would otherwise reach every destination.
 */
import type { Json, JsonObject } from '../event/event.ts';

/** Milliseconds since 1970 of the earliest time that is believed. A clock without a battery begins here. */
const EARLIEST = 0;

/** Milliseconds after the arrival, ten years: beyond any clock that is merely wrong, before the years of other calendars. */
const FURTHEST_AHEAD = 10 * 365 * 86_400_000;

/** Seconds or milliseconds since 1970, from the year 2001 to 2286. */
const EPOCH = /^\d{10}(?:\d{3})?$/;

/** V8 reads a single "5" as a month of 2001. */
const HAS_YEAR = /\d{4}/;

/** @returns milliseconds since 1970; NaN for what is not a time */
const read = (value: unknown): number => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return NaN;
  if (EPOCH.test(text)) return Number(text) * (text.length === 10 ? 1_000 : 1);
  return typeof value === 'string' && HAS_YEAR.test(text) ? Date.parse(text) : NaN;
};

const isBelieved = (time: number, receivedAt: number): boolean =>
  time >= EARLIEST && time <= receivedAt + FURTHEST_AHEAD;

/**
 * When it happened by our clock: the device's clock may be wrong, but the time it let pass between the event and the
 * sending is right.
 */
const corrected = (original: number, sent: number, receivedAt: number): number => {
  const waited = Number.isNaN(original) ? 0 : (Number.isNaN(sent) ? receivedAt : sent) - original;
  const time = receivedAt - waited;
  return isBelieved(time, receivedAt) ? time : receivedAt;
};

export interface Times {
  readonly originalTimestamp: Json;
  readonly sentAt: Json;
  readonly timestamp: Json;
}

const MINUTE = 60_000;

const padded = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** As `toISOString`, at a quarter of its cost: the events of a batch are of a few minutes. */
const timeWriter = (): ((time: number) => string) => {
  let minute = NaN;
  let text = '';
  return (time) => {
    const since = time - minute;
    if (!(since >= 0 && since < MINUTE)) {
      minute = Math.floor(time / MINUTE) * MINUTE;
      // Up to the seconds.
      text = new Date(minute).toISOString().slice(0, -7);
    }
    const rest = time - minute;
    return `${text}${padded(Math.floor(rest / 1_000), 2)}.${padded(rest % 1_000, 3)}Z`;
  };
};

/** @param receivedAt milliseconds since 1970 @returns the times of the events that arrived then */
export const timesReader = (receivedAt: number): ((event: JsonObject) => Times) => {
  const toText = timeWriter();
  const arrival = toText(receivedAt);
  const believed = (value: unknown): number => {
    const time = read(value);
    return isBelieved(time, receivedAt) ? time : NaN;
  };
  // The events of a batch were sent together.
  let sentAt: unknown;
  let sent = NaN;
  return (event) => {
    if (event['sentAt'] !== sentAt) {
      sentAt = event['sentAt'];
      sent = believed(sentAt);
    }
    const original = believed(event['originalTimestamp']);
    const happened = believed(event['timestamp']);
    return {
      originalTimestamp: Number.isNaN(original) ? arrival : (event['originalTimestamp'] ?? null),
      sentAt: Number.isNaN(sent) ? arrival : (event['sentAt'] ?? null),
      timestamp: Number.isNaN(happened)
        ? toText(corrected(original, sent, receivedAt))
        : (event['timestamp'] ?? null),
    };
  };
};

/** @param receivedAt milliseconds since 1970 */
export const timesOf = (event: JsonObject, receivedAt: number): Times => timesReader(receivedAt)(event);
