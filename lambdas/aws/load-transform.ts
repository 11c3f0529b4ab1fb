import { existsSync } from 'node:fs';
import { BUNDLE_FILES } from '../../config/bundle.ts';
import { TransformError, type Transform } from '../core/transform.ts';

/**
 * The user's transform, a module of its own beside the function's code: one that throws while it loads is a crash with
 * a stack, and not a function that cannot start.
 * @returns undefined when none is configured
 * @throws what the module throws while loading; TransformError when it exports no function
 */
export const loadTransform = async (): Promise<Transform | undefined> => {
  const file = new URL(BUNDLE_FILES.transform, import.meta.url);
  if (!existsSync(file)) return undefined;
  const module = (await import(file.href)) as { default?: unknown; transform?: unknown };
  const transform = module.default ?? module.transform;
  if (typeof transform === 'function') return transform as Transform;
  throw new TransformError(
    'the transform module exports no function; write `export default function (event) { ... }`',
  );
};
