/** Which of a stage's records an operator means, and how far a command has come that works on them page by page. */
import * as v from 'valibot';
import { BadCursor } from '../../core/base/faults.ts';
import type { Rejection } from '../../core/event/ports.ts';
import * as fields from './fields.ts';

interface Position {
  /** When the run began; milliseconds since 1970. */
  readonly asOf: number;
  readonly from?: string | undefined;
}

export const toCursor = (position: Position): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

const position = v.object({ asOf: v.number(), from: v.exactOptional(v.string()) });

/** @throws BadCursor */
export const readPosition = (cursor: string | undefined, now: number): Position => {
  if (cursor === undefined) return { asOf: now };
  try {
    return v.parse(position, JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (error) {
    throw new BadCursor({ cause: error });
  }
};

/** @param reason a status that the destination answered, or a part of the reason, in any case */
export const matches = ({ reason: why, answer }: Rejection, reason: string | undefined): boolean => {
  if (reason === undefined) return true;
  if (/^\d{3}$/.test(reason)) return answer?.status === Number(reason);
  return why.toLowerCase().includes(reason.toLowerCase());
};

/** Of acceptance, as the store takes it. */
export const rangeOf = ({
  since,
  until,
}: {
  readonly since?: string;
  readonly until?: string;
}): { readonly since?: string; readonly until?: string } => ({
  ...(since === undefined ? {} : { since }),
  ...(until === undefined ? {} : { until }),
});

const time = v.pipe(
  v.string('expected a time'),
  v.isoTimestamp('expected a time such as 2026-11-22T10:00:00.000Z'),
);

export const matchingFields = {
  reason: v.exactOptional(fields.text('a part of the reason, or a status')),
  since: v.exactOptional(time),
  until: v.exactOptional(time),
};
