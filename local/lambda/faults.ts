/** How Lambda words the end of a process that did not answer. */
import type { FunctionError } from './protocol.ts';

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
