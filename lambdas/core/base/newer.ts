/** What a later version of Sluice has stored: it is kept as it is, because code that cannot read it must not judge it. */
import { FORMATS, type FormatName } from '../../../contract/formats.ts';

/** @param format of an item or an envelope, as it was stored @returns it, if this version does not know it yet */
export const newerThan = (name: FormatName, format: unknown): number | undefined =>
  typeof format === 'number' && format > FORMATS[name] ? format : undefined;

const THINGS: Readonly<Record<FormatName, string>> = {
  envelope: 'the message',
  mode: "the stage's mode",
  message: 'the parked message',
  head: 'the parked key',
  record: 'the record',
};

/** For people: what it is, and what to do. */
export const newerReason = (name: FormatName, format: number): string =>
  `a later version of Sluice wrote ${THINGS[name]} (format ${format}, and this one reads ${FORMATS[name]}): it is kept as it is; deploy that version again`;
