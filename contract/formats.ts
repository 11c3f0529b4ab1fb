/**
 * The formats of what outlives the code that wrote it. Each item and each message carries its format as `v`; absent means 1.
 *
 * A number grows only when code that knows the former one would misread what is written. A field more is no new format: what reads the item
 * keeps fields that it does not know. A release reads a new format before a later release writes it, so that a stack can always go back by
 * one release (docs/upgrading.md).
 */
export const FORMATS = {
  /** The body of a message of SQS. */
  envelope: 1,
  /** A stage's mode. */
  mode: 1,
  /** A parked message. */
  message: 1,
  /** A parked key's head. */
  head: 1,
  /** The record of a rejected or discarded event. */
  record: 1,
} as const;

export type FormatName = keyof typeof FORMATS;

/** What a version of Sluice writes, by name. A later version may have names that this one does not know. */
export type Formats = Readonly<Record<string, number>>;

/** The attribute of an item, and the field of an envelope. */
export const FORMAT = 'v';
