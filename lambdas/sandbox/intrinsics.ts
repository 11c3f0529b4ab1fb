/**
 * What the shell uses of JavaScript and Node, taken before the user's module is loaded. A module, or a dependency of it, may
 * replace any of these on the globals and prototypes; the shell must not notice. So the shell's code calls these, uses
 * indexed loops, literals and `await` on promises of its own, and no method of an array, a string or a promise.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect, types } from 'node:util';

/**
 * A method of a prototype as a function of its `this` and its arguments, whatever becomes of the prototype, and of
 * `Function.prototype.call`.
 */
const uncurry = (prototype: object, name: string): ((...args: never[]) => unknown) =>
  Function.prototype.call.bind(Reflect.get(prototype, name) as () => unknown);

export const parse = JSON.parse;
export const stringify = JSON.stringify as (value: unknown) => string | undefined;
export const isArray = Array.isArray;
export const apply = Reflect.apply;
export const freeze = Object.freeze;
export const defineProperty = Object.defineProperty;
export const NativePromise = Promise;
export const NativeError = Error;
export const captureStackTrace: (error: Error, below: (code?: number) => never) => void =
  Error.captureStackTrace.bind(Error);
export const toText = String;
export const immediately = setImmediate;
export const nextTick = process.nextTick.bind(process);
export const hrtime = process.hrtime.bigint.bind(process.hrtime);
export const store = Atomics.store;
export const add = Atomics.add;
export const inspectValue = inspect;
export const { isNativeError, isProxy } = types;
export const byteLengthOf = Buffer.byteLength.bind(Buffer);

export const slice = uncurry(String.prototype, 'slice') as (text: string, from: number, to: number) => string;
export const indexOf = uncurry(String.prototype, 'indexOf') as (
  text: string,
  part: string,
  from: number,
) => number;
export const tagOf = uncurry(Object.prototype, 'toString') as (value: unknown) => string;
export const then = uncurry(Promise.prototype, 'then') as (
  promise: Promise<unknown>,
  done: (value: unknown) => void,
  failed: (reason: unknown) => void,
) => Promise<void>;
export const resolved: (value: unknown) => Promise<unknown> = Promise.resolve.bind(Promise);

/** In place of `for ... of`, which asks the list for an iterator. */
export const each = <T>(list: readonly T[], visit: (item: T) => void): void => {
  let i = 0;
  while (i < list.length) {
    visit(list[i] as T);
    i += 1;
  }
};

const storage = new AsyncLocalStorage<unknown>();
// Its methods call one another by way of the prototype: it gets them all as its own.
for (const name of Object.getOwnPropertyNames(AsyncLocalStorage.prototype)) {
  const value: unknown = Object.getOwnPropertyDescriptor(AsyncLocalStorage.prototype, name)?.value;
  if (typeof value === 'function' && name !== 'constructor') Object.defineProperty(storage, name, { value });
}
export const runAs: <R>(as: unknown, run: () => R) => R = storage.run.bind(storage);
export const runningAs = storage.getStore.bind(storage);
