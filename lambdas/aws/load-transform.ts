import { existsSync } from 'node:fs';
import { BUNDLE_FILES } from '../../config/bundle.ts';
import { LoadError, type Transform } from '../core/transform.ts';

/** Node keeps a module that threw, and throws the same again: another try needs another URL. */
let failures = 0;

/**
 * The user's transform, a module of its own beside the function's code: one that throws while it loads is a crash with
 * a stack, and not a function that cannot start. It is loaded once; while that fails, every call tries anew.
 * @param file for tests
 * @returns undefined when none is configured
 * @throws LoadError when the module throws while it loads, or exports no function
 */
export const loadTransform = async (
  file = new URL(BUNDLE_FILES.transform, import.meta.url),
): Promise<Transform | undefined> => {
  if (!existsSync(file)) return undefined;
  let module: { default?: unknown; transform?: unknown };
  try {
    module = (await import(failures === 0 ? file.href : `${file.href}?try=${failures}`)) as typeof module;
  } catch (error) {
    failures += 1;
    throw new LoadError(`the transform threw while it was loaded: ${String(error)}`, { cause: error });
  }
  const transform = module.default ?? module.transform;
  if (typeof transform === 'function') return transform as Transform;
  throw new LoadError(
    'the transform module exports no function; write `export default function (event) { ... }`',
  );
};
