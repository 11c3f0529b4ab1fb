/** How Lambda words the end of a process that did not answer. */
import type { FunctionError } from './protocol.ts';

/** Why the local run kills a process that has exceeded no limit. */
export const CLOSED: FunctionError = {
  errorType: 'Sandbox.Closed',
  errorMessage: 'The local run is stopping',
};
export const ABORTED: FunctionError = {
  errorType: 'Sandbox.Aborted',
  errorMessage: 'The invocation was cut off by its caller',
};
export const RETIRED: FunctionError = {
  errorType: 'Sandbox.Retired',
  errorMessage: 'The process was not needed',
};

/**
 * Whether the environment is retired together with its process. After any other end, Lambda resets the environment: the
 * next process starts in the same one. @param why the value that `Child.ended` resolves to
 */
export const retiresEnvironment = (why: FunctionError): boolean =>
  why === CLOSED || why === ABORTED || why === RETIRED;

const SIGNAL_NAMES: Partial<Record<string, string>> = { SIGABRT: 'aborted', SIGKILL: 'killed' };

const fault = (errorType: string, requestId: string, what: string): FunctionError => ({
  errorType,
  errorMessage: `RequestId: ${requestId} Error: ${what}`,
});

export const timedOut = (requestId: string, limitMs: number): FunctionError =>
  fault('Sandbox.Timedout', requestId, `Task timed out after ${(limitMs / 1000).toFixed(2)} seconds`);

export const outOfMemory = (requestId: string, memoryMb: number): FunctionError =>
  fault(
    'Runtime.OutOfMemory',
    requestId,
    `Runtime exited with error: signal: killed (more than ${memoryMb} MB used)`,
  );

/** @param code @param signal as Node's 'exit' event gives them */
export const exitError = (
  requestId: string,
  code: number | null,
  signal: NodeJS.Signals | null,
): FunctionError => {
  let how = 'Runtime exited without providing a reason';
  if (signal !== null) how = `Runtime exited with error: signal: ${SIGNAL_NAMES[signal] ?? signal}`;
  else if (code !== null && code !== 0) how = `Runtime exited with error: exit status ${code}`;
  return fault('Runtime.ExitError', requestId, how);
};
