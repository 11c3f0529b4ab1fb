/** Crash records: why a stage's code failed on a message, as far as that is known. */
import { inspect } from 'node:util';
import { isNativeError } from 'node:util/types';
import type { Crash } from './mode.ts';
import type { Attempt, IncomingMessage } from './ports.ts';
import { cut } from './text.ts';
import { LoadError } from './transform.ts';

/** Bytes. The record is kept in the mode's item and beside the parked message, which has little room left. */
const MAX_ERROR_BYTES = 1_000;
const MAX_STACK_BYTES = 8_000;

/** On which message, under which code, and when (milliseconds since 1970). */
export interface CrashSite {
  readonly message: Pick<IncomingMessage, 'id' | 'groupId'>;
  readonly codeVersion: string;
  readonly at: number;
}

const record = (
  { message, codeVersion, at }: CrashSite,
  crash: Pick<Crash, 'kind' | 'error'> & { readonly stack?: string | undefined },
): Crash => ({
  kind: crash.kind,
  error: cut(crash.error, MAX_ERROR_BYTES),
  ...(crash.stack === undefined ? {} : { stack: cut(crash.stack, MAX_STACK_BYTES) }),
  codeVersion,
  at,
  messageId: message.id,
  key: message.groupId,
});

/** The stack with its causes: a load error's cause is the user's own error. */
const stackOf = (error: Error): string => {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return isError(error.cause) ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
};

const isError = (value: unknown): value is Error => isNativeError(value) || value instanceof Error;

/** @param error whatever was thrown: user code may throw anything */
export const caughtCrash = (error: unknown, site: CrashSite): Crash => {
  const kind = error instanceof LoadError ? 'load' : 'throw';
  if (isError(error))
    return record(site, { kind, error: `${error.name}: ${error.message}`, stack: stackOf(error) });
  return record(site, { kind, error: `threw ${inspect(error, { depth: 1, customInspect: false })}` });
};

/**
 * Why a message whose charges are used up is redriven: the last crash that was caught under this code, or else that
 * nothing was caught because the process itself ended.
 */
export const redriveCrash = (attempt: Attempt | undefined, charges: number, site: CrashSite): Crash => {
  const caught = attempt?.crash;
  if (caught?.codeVersion === site.codeVersion) return caught;
  const error = `the process ended ${charges} times (an exit, a timeout or out of memory) while at work on this message`;
  return record(site, { kind: 'death', error });
};

/** SQS itself gave up on the message. What our own ledger knows of it is added. */
export const deadLetterCrash = (
  attempt: Attempt | undefined,
  receiveCount: number,
  site: CrashSite,
): Crash => {
  const last = attempt?.lastError === undefined ? '' : `; its last failure: ${attempt.lastError}`;
  const error = `SQS moved it to the dead-letter queue; received ${receiveCount} times in all${last}`;
  return record(site, { kind: 'dead letter', error, stack: attempt?.crash?.stack });
};
