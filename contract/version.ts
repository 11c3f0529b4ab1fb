import { readFileSync } from 'node:fs';

/** Sluice's version, as its package says. Not for functions: it is read where they are built. */
export const sluiceVersion = (): string => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};
