export interface CallLimits {
  /** Of a call, at most, and their bytes together. One that is larger is alone in its call. */
  readonly entries: number;
  readonly callBytes: number;
  /** Bytes of one that no resource of the service takes. */
  readonly maxBytes: number;
}

/** @returns indices of what has these sizes, in order, by the calls that hold them; without what is too large */
export const callsOf = (
  sizes: readonly number[],
  { entries, callBytes, maxBytes }: CallLimits,
): readonly (readonly number[])[] => {
  const calls: number[][] = [];
  let bytes = Infinity;
  for (const [i, size] of sizes.entries()) {
    if (size > maxBytes) continue;
    if (bytes + size > callBytes || calls.at(-1)?.length === entries) {
      calls.push([]);
      bytes = 0;
    }
    calls.at(-1)?.push(i);
    bytes += size;
  }
  return calls;
};
