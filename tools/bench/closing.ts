/** What must not stay behind when the benchmark is interrupted. */
const open = new Set<() => Promise<void>>();

/** Runs `close` after `work`, and also when the benchmark is interrupted in the middle of it. */
export const closing = async <T>(close: () => Promise<void>, work: () => Promise<T>): Promise<T> => {
  open.add(close);
  try {
    return await work();
  } finally {
    open.delete(close);
    await close();
  }
};

/** Never rejects. */
export const closeAll = async (): Promise<void> => {
  await Promise.allSettled([...open].map((close) => close()));
};
