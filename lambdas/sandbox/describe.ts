/**
 * Whatever was thrown -> text. User code may throw anything: an error whose `message` is a getter that throws, a proxy, a chain of 20,000
 * causes, a symbol. Everything that is read here may run user code, and may throw again.
 */
import { inspectValue, isNativeError, isProxy, NativeError, slice } from './intrinsics.ts';
import type { Failure } from './protocol.ts';

/** Characters; the function's thread cuts by bytes. */
const MAX_ERROR = 1_000;
const MAX_STACK = 8_000;
/** An error is often wrapped twice; more causes than this add nothing. */
const MAX_CAUSES = 5;

const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    // That it cannot be read is all there is to know of it.
    return undefined;
  }
};

const cutTo = (text: string, characters: number): string =>
  text.length <= characters ? text : slice(text, 0, characters);

const text = (read: () => unknown): string | undefined => {
  const value = attempt(read);
  return typeof value === 'string' ? value : undefined;
};

const isError = (value: unknown): value is Error =>
  isNativeError(value) || (!isProxy(value) && attempt(() => value instanceof NativeError) === true);

/** Getters are not called and proxies not asked; what throws nevertheless is named by its type alone. */
const shown = (value: unknown): string => {
  if (typeof value === 'string') return `'${cutTo(value, MAX_ERROR)}'`;
  const options = {
    depth: 1,
    customInspect: false,
    showProxy: true,
    maxArrayLength: 20,
    maxStringLength: MAX_ERROR,
  };
  return attempt(() => inspectValue(value, options)) ?? `${typeof value} that cannot be shown`;
};

const headline = (error: Error): string => {
  const name = text(() => error.name) ?? 'Error';
  const message = text(() => error.message) ?? 'its message cannot be read';
  return cutTo(`${cutTo(name, 200)}: ${cutTo(message, MAX_ERROR)}`, MAX_ERROR);
};

const stackOf = (error: Error): string => {
  let whole = '';
  let one: unknown = error;
  for (let depth = 0; depth <= MAX_CAUSES && isError(one) && whole.length < MAX_STACK; depth += 1) {
    const current = one;
    const own = text(() => current.stack) ?? headline(current);
    whole = depth === 0 ? cutTo(own, MAX_STACK) : `${whole}\ncaused by ${cutTo(own, MAX_STACK)}`;
    one = attempt(() => current.cause);
  }
  return cutTo(whole, MAX_STACK);
};

/** Never throws. */
export const describe = (thrown: unknown): Failure => {
  const failure = attempt((): Failure =>
    isError(thrown)
      ? { error: headline(thrown), stack: stackOf(thrown) }
      : { error: `threw ${shown(thrown)}` },
  );
  return failure ?? { error: 'threw what cannot be shown' };
};
