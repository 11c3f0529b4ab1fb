/** Crash records: why a stage's code failed on a message, as far as that is known. */
import { inspect } from 'node:util';
import { isNativeError } from 'node:util/types';
import type { Crash } from '../../../contract/modes.ts';
import type { Attempt } from './ports.ts';
import type { IncomingMessage } from '../base/messages.ts';
import { cut } from '../base/text.ts';
import type { CaughtCrash } from '../event/transform.ts';

/** Bytes. The record is kept in the mode's item and with the parked message, which has little room left. */
const MAX_ERROR_BYTES = 1_000;
const MAX_STACK_BYTES = 8_000;
const MAX_ID_BYTES = 200;

/** On which message, under which code, and when (milliseconds since 1970). */
export interface CrashSite {
  readonly message: Pick<IncomingMessage, 'id' | 'groupId'>;
  readonly codeVersion: string;
  readonly at: number;
}

/** What a record keeps of a failure: texts of bounded length. */
export const failureOf = ({
  kind,
  error,
  stack,
  eventId,
}: Pick<Crash, 'kind' | 'error' | 'stack' | 'eventId'>): Pick<
  Crash,
  'kind' | 'error' | 'stack' | 'eventId'
> => ({
  kind,
  error: cut(error, MAX_ERROR_BYTES),
  ...(stack === undefined ? {} : { stack: cut(stack, MAX_STACK_BYTES) }),
  ...(eventId === undefined ? {} : { eventId: cut(eventId, MAX_ID_BYTES) }),
});

export const crashRecord = (
  failure: Pick<Crash, 'kind' | 'error' | 'stack' | 'eventId'>,
  { message, codeVersion, at }: CrashSite,
): Crash => ({ ...failureOf(failure), codeVersion, at, messageId: message.id, key: message.groupId });

/** The stack with its causes. */
const stackOf = (error: Error): string => {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return isError(error.cause) ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
};

const isError = (value: unknown): value is Error => isNativeError(value) || value instanceof Error;

/** @param error that our own code threw: the user's code throws in another thread, which makes text of it */
export const thrownBy = (error: unknown): CaughtCrash => {
  if (isError(error))
    return { kind: 'throw', error: `${error.name}: ${error.message}`, stack: stackOf(error) };
  return { kind: 'throw', error: `threw ${inspect(error, { depth: 1, customInspect: false })}` };
};

/** The process itself ended, so that nothing was caught. */
export const deathCrash = (site: CrashSite, what: string): Crash =>
  crashRecord(
    {
      kind: 'death',
      error: `${what} (a native crash, a timeout, or out of memory) while processing this message`,
    },
    site,
  );

/**
 * Why a message whose charges are used up is redriven: the last crash that was caught under this code, or else that
 * nothing was caught because the process itself ended.
 */
export const redriveCrash = (attempt: Attempt | undefined, charges: number, site: CrashSite): Crash => {
  const caught = attempt?.crash;
  if (caught?.codeVersion === site.codeVersion) return caught;
  return deathCrash(site, `the process ended ${charges} times`);
};

/** SQS itself gave up on the message. What our own ledger knows of it is added. */
export const deadLetterCrash = (
  attempt: Attempt | undefined,
  receiveCount: number,
  site: CrashSite,
): Crash => {
  const last = attempt?.lastError === undefined ? '' : `; its last failure: ${attempt.lastError}`;
  const error = `SQS moved it to the dead-letter queue; received ${receiveCount} times in all${last}`;
  const stack = attempt?.crash?.stack;
  return crashRecord({ kind: 'dead letter', error, ...(stack === undefined ? {} : { stack }) }, site);
};
