import type { FunctionError } from './protocol.ts';

export interface Report {
  readonly requestId: string;
  readonly ms: number;
  /** Only when the invocation started a process. */
  readonly initMs: number | undefined;
  readonly memoryMb: number;
  /** Bytes; 0 when it is not known. */
  readonly peakMemory: number;
  readonly error: FunctionError | undefined;
}

/** The line that ends an invocation in the log, in the form of Lambda's own, with the error if there was one. */
export const reportLine = ({ requestId, ms, initMs, memoryMb, peakMemory, error }: Report): string => {
  const fields = [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${ms.toFixed(2)} ms`,
    `Memory Size: ${memoryMb} MB`,
    `Max Memory Used: ${Math.ceil(peakMemory / 1_048_576)} MB`,
  ];
  if (initMs !== undefined) fields.push(`Init Duration: ${initMs.toFixed(2)} ms`);
  if (error !== undefined)
    fields.push(
      'Status: error',
      `Error Type: ${error.errorType}`,
      `Error: ${JSON.stringify(error.errorMessage)}`,
    );
  return fields.join('\t');
};
