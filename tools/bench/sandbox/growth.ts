/** Whether ends of threads leave something behind in their process. */

/** A process between two ends: one thread is up, with its module loaded, and nothing is under way. */
export interface Sample {
  /** Threads that have ended. */
  readonly ends: number;
  /** Of the thread that owns the sandbox, after its garbage was collected. */
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Of the process, Node's own included. Undefined where it cannot be known. */
  readonly threads: number | undefined;
  /** What keeps the process running, as Node counts it. */
  readonly handles: number;
  /** Of these, ends of channels between threads. */
  readonly ports: number;
}

/** By which the heap may grow for other reasons, such as compiled code: about 500 bytes for each of 10,000 ends. */
export const HEAP_MARGIN = 5 * 2 ** 20;

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** @param samples in order; the first one after the process has warmed up @returns what has grown, a line each */
export const growthOf = (samples: readonly Sample[]): readonly string[] => {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return [];
  const ends = `between ${first.ends} and ${last.ends} ends`;
  const counts = (['threads', 'handles', 'ports'] as const).flatMap((name) => {
    const [from = 0, to = 0] = [first[name], last[name]];
    return to > from ? [`${name} grew from ${from} to ${to} ${ends}`] : [];
  });
  if (last.heapBytes - first.heapBytes <= HEAP_MARGIN) return counts;
  const [from, to] = [megabytes(first.heapBytes), megabytes(last.heapBytes)];
  return [...counts, `the heap grew from ${from} to ${to} MB ${ends}`];
};
