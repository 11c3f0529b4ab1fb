import { readFileSync } from 'node:fs';
import { BUNDLE_FILES } from '../../contract/bundle.ts';

/**
 * What the function knows from deploy time on; the file is next to its code.
 * @returns what the template's construct wrote: the bundle type of this function, in `contract/bundle.ts`
 */
export const readBundle = (): unknown =>
  JSON.parse(readFileSync(new URL(BUNDLE_FILES.config, import.meta.url), 'utf8'));
