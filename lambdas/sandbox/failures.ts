/** The words for what ends a thread. */
import type { CaughtCrash } from '../core/event/transform.ts';
import type { LateFailure, SandboxOptions } from './options.ts';
import type { Failure } from './protocol.ts';
import type { Cause } from './verdict.ts';

export const KINDS: Readonly<Record<Cause, CaughtCrash['kind']>> = {
  exit: 'exit',
  memory: 'memory',
  blocked: 'timeout',
  uncaught: 'throw',
};

export const failureOf = (
  cause: Cause,
  { timeout, memory }: Pick<SandboxOptions, 'timeout' | 'memory'>,
): Failure => {
  switch (cause) {
    case 'exit':
      return { error: 'the transform ended its thread' };
    case 'memory':
      return { error: `the transform used more than ${memory} MB of memory` };
    case 'blocked':
      return { error: `the transform took longer than ${timeout / 1_000} seconds for an event` };
    case 'uncaught':
      return { error: 'the transform ended its thread by an error that nothing caught' };
  }
};

export const lateOf = ({
  failure,
  eventId,
}: {
  readonly failure: Failure;
  readonly eventId?: string;
}): LateFailure => ({ ...failure, ...(eventId === undefined ? {} : { eventId }) });
