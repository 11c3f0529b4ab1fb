/** Segment's package of destinations, where the project has installed it. It is a peer that only destinations of the kind `actions` need. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Definition } from './definition.ts';

export const CATALOGUE_PACKAGE = '@segment/action-destinations';

interface ParsedQuery {
  readonly error?: { readonly message: string };
}

export interface Library {
  /** The package's directory. */
  readonly directory: string;
  readonly version: string;
  readonly names: readonly string[];
  /** @throws what loading it throws */
  readonly read: (name: string) => Definition;
  readonly parseFql: (text: string) => ParsedQuery;
  /** @throws Error that says what is wrong with the directives of a mapping */
  readonly checkMapping: (mapping: object) => void;
  /** Names of the variables that the destination's own code reads. */
  readonly variablesOf: (name: string) => readonly string[];
}

const manifestAt = (from: string): string | undefined => {
  try {
    return createRequire(from).resolve(`${CATALOGUE_PACKAGE}/package.json`);
  } catch {
    // It is not installed there.
    return undefined;
  }
};

export const moduleOf = (directory: string, name: string): string =>
  path.join(directory, 'dist', 'destinations', name, 'index.js');

const variablesIn = (directory: string): readonly string[] => {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  );
  const found = files.flatMap((name) =>
    [...readFileSync(path.join(directory, name), 'utf8').matchAll(/process\.env\.([A-Z][A-Z0-9_]+)/g)].map(
      ([, variable = '']) => variable,
    ),
  );
  return [...new Set(found)].filter((name) => name !== 'NODE_ENV').sort();
};

const libraries = new Map<string, Library>();

/**
 * @param baseDir of the project
 * @returns undefined where the package is not installed
 */
export const openLibrary = (baseDir: string): Library | undefined => {
  const manifest = manifestAt(path.join(baseDir, 'sluice.js')) ?? manifestAt(import.meta.url);
  if (manifest === undefined) return undefined;
  const known = libraries.get(manifest);
  if (known !== undefined) return known;
  const directory = path.dirname(manifest);
  const load = createRequire(manifest);
  const core = load.resolve('@segment/actions-core');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const destinations = path.join(directory, 'dist', 'destinations');
  const library: Library = {
    directory,
    version,
    names: readdirSync(destinations)
      .filter((name) => existsSync(moduleOf(directory, name)))
      .sort(),
    read: (name) => (load(moduleOf(directory, name)) as { default: Definition }).default,
    parseFql: (text) => {
      const subscriptions = createRequire(core)('@segment/destination-subscriptions') as {
        parseFql: (query: string) => ParsedQuery;
      };
      return subscriptions.parseFql(text);
    },
    checkMapping: (mapping) => {
      const { default: validate } = load('@segment/actions-core/mapping-kit/validate') as {
        default: (mapping: object) => void;
      };
      validate(mapping);
    },
    variablesOf: (name) => variablesIn(path.join(destinations, name)),
  };
  libraries.set(manifest, library);
  return library;
};
