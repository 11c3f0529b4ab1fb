/** The stored item of a stage's mode: a `ModeRecord`'s fields, the table's keys, and the format. */
import * as v from 'valibot';
import { FORMAT, FORMATS } from '../../../contract/formats.ts';
import { newerReason, newerThan } from '../base/newer.ts';
import { type ModeRecord, NORMAL, UNREADABLE } from './record.ts';
import type { CrashKind } from '../../../contract/modes.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const time = v.pipe(v.number(), v.finite());
const modeName = v.picklist(['normal', 'degraded', 'recovering']);

const crash = v.looseObject({
  // A newer version may know other kinds: what it wrote is kept.
  kind: v.custom<CrashKind>((kind) => typeof kind === 'string'),
  error: v.string(),
  stack: v.exactOptional(v.string()),
  codeVersion: v.string(),
  at: time,
  messageId: v.exactOptional(v.string()),
  eventId: v.exactOptional(v.string()),
  key: v.exactOptional(v.string()),
});

const failure = v.looseObject({ text: v.string(), at: time, codeVersion: v.string() });
const named = v.array(v.looseObject({ id: v.string(), at: time }));

/**
 * What decides whether anything is forwarded, and what a write is conditional on, must be there. The rest may be absent:
 * while a new version is deployed, functions read what the version before or after them has written, and keep what they do not know.
 */
const record: v.GenericSchema<unknown, ModeRecord> = v.looseObject({
  mode: modeName,
  held: v.boolean(),
  epoch: count,
  // A stored 0 would pass for "nothing is stored", and every write would be refused forever.
  rev: v.pipe(count, v.minValue(1)),
  since: v.optional(time, NORMAL.since),
  troubledSince: v.exactOptional(time),
  forwardingSince: v.exactOptional(time),
  reason: v.optional(v.string(), NORMAL.reason),
  holdReason: v.exactOptional(v.string()),
  codeVersion: v.optional(v.string(), NORMAL.codeVersion),
  pause: v.optional(time, NORMAL.pause),
  pauseUntil: v.optional(time, NORMAL.pauseUntil),
  windowFrom: v.optional(time, NORMAL.windowFrom),
  frozenAt: v.exactOptional(time),
  releasedAt: v.exactOptional(time),
  redrives: v.optional(named, []),
  shares: v.optional(v.array(v.looseObject({ minute: count, redriven: count, processed: count })), []),
  belowShareAt: v.exactOptional(time),
  deaths: v.optional(named, []),
  probeFailures: v.optional(count, NORMAL.probeFailures),
  probeFailedAt: v.exactOptional(time),
  failing: v.exactOptional(v.looseObject({ since: time, count, keys: v.array(v.string()) })),
  rejecting: v.exactOptional(v.looseObject({ since: time, count })),
  doubtAt: v.exactOptional(time),
  waitingSince: v.exactOptional(time),
  quietSince: v.exactOptional(time),
  waiting: v.exactOptional(v.looseObject({ messages: count, keys: count, own: count })),
  proven: v.optional(v.boolean(), NORMAL.proven),
  progressInWindow: v.exactOptional(v.literal(true)),
  invoked: v.exactOptional(v.literal(true)),
  successes: v.optional(count, NORMAL.successes),
  troubleFrom: v.exactOptional(time),
  attemptedAt: v.exactOptional(time),
  relapsed: v.optional(v.boolean(), NORMAL.relapsed),
  code: v.exactOptional(v.looseObject({ version: v.string(), since: time })),
  spill: v.optional(v.boolean(), NORMAL.spill),
  dueEpoch: v.optional(count, NORMAL.dueEpoch),
  announced: v.optional(count, NORMAL.announced),
  lastCrash: v.exactOptional(crash),
  lastFailure: v.exactOptional(failure),
  lastRefusal: v.exactOptional(failure),
  lastRejection: v.exactOptional(failure),
  writes: v.exactOptional(v.array(v.string())),
  history: v.optional(
    v.array(v.looseObject({ epoch: count, mode: modeName, at: time, reason: v.string() })),
    [],
  ),
});

/** What little is needed of an item that cannot be read. */
const remains = v.looseObject({
  [FORMAT]: v.optional(v.unknown()),
  held: v.fallback(v.optional(v.boolean(), false), false),
  epoch: v.fallback(v.optional(count, 0), 0),
});

/**
 * @param item the stored item, or `undefined` when there is none
 * @returns `NORMAL` when there is none; `UNREADABLE` when it is not a mode, or a later version's, with the item's hold, and with its
 *   epoch so that what is stamped with an earlier one stays stale after the item is replaced
 */
export const parseMode = (item: unknown): ModeRecord => {
  if (item === undefined) return NORMAL;
  const rest = v.safeParse(remains, item);
  if (!rest.success) return UNREADABLE;
  const { held, epoch } = rest.output;
  const newer = newerThan('mode', rest.output[FORMAT]);
  const parsed = v.safeParse(record, item);
  if (newer === undefined && parsed.success) return withoutKeys(parsed.output);
  // No change of mode has happened that would have to be announced.
  const unreadable = { ...UNREADABLE, held, epoch, announced: epoch };
  return newer === undefined ? unreadable : { ...unreadable, newer, reason: newerReason('mode', newer) };
};

/** The attributes that are stored of it, without the table's keys. */
export const toModeItem = (stored: ModeRecord): object => ({ ...stored, [FORMAT]: FORMATS.mode });

/** The table's keys and the format are not the record's. */
const withoutKeys = (parsed: ModeRecord): ModeRecord => {
  const rest = { ...parsed };
  for (const name of ['pk', 'sk', FORMAT]) Reflect.deleteProperty(rest, name);
  return rest;
};
