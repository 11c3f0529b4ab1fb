/** Secrets Manager on one machine: `secrets.json` in the data directory, an object of names and values. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Secret =
  | { readonly kind: 'found'; readonly value: string }
  | { readonly kind: 'absent' }
  /** The file cannot be understood. */
  | { readonly kind: 'malformed'; readonly reason: string };

export const secretsFile = (dataDir: string): string => join(dataDir, 'secrets.json');

/** The file is read at each call, so that a changed secret is seen as soon as AWS would show it. */
export const readSecret = async (dataDir: string, name: string): Promise<Secret> => {
  const file = secretsFile(dataDir);
  const text = await readFile(file, 'utf8').catch(() => '{}');
  let secrets: unknown;
  try {
    secrets = JSON.parse(text);
  } catch (error) {
    return { kind: 'malformed', reason: `${file} is not JSON: ${String(error)}` };
  }
  const isNamed = typeof secrets === 'object' && secrets !== null && Object.hasOwn(secrets, name);
  const value = isNamed ? (secrets as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === 'string' ? { kind: 'found', value } : { kind: 'absent' };
};
