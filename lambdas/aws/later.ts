/** Adapters whose code is loaded by their first call. */

type Port<P> = Record<keyof P, (...args: never[]) => Promise<unknown>>;

/**
 * Stands for what `load` gives. The caller of a method waits for the loading as well, so that nothing is under way when the function has
 * answered.
 * @param load imports a module that is in a file of its own (see `lib/code.ts`); asked at each call
 */
export const later = <P extends Port<P>>(load: () => Promise<P>): P =>
  new Proxy({} as P, {
    get:
      (_, name) =>
      async (...args: never[]) =>
        (await load())[name as keyof P](...args),
  });

/** @returns what `load` gives, asked once */
export const once = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let loaded: Promise<T> | undefined;
  return () => (loaded ??= load());
};
