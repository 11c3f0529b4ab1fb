/**
 * What the programs of a checkout were bundled to, kept until one of their sources changes: bundling takes most of the time of a synthesis.
 * A package of Sluice brings its programs, and keeps none.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Module } from './packaged.ts';

export interface Bundled {
  readonly module: Module;
  /** Absolute paths of all files that it was made of, packages too. */
  readonly sources: readonly string[];
}

interface Kept {
  readonly module: Module;
  /** Each source's path, and its content's hash. */
  readonly sources: readonly (readonly [string, string])[];
}

/** By how much a file's date may lag behind the clock; milliseconds. */
const DATE_STEP = 1_000;

/**
 * Where a program is kept. Its name has the checkout: `node_modules` may be a link that several share, and one must not get the program of
 * another, whose sources have not changed.
 * @param project the checkout's directory
 */
export const cacheFile = (project: string, name: string): string => {
  const checkout = createHash('sha256').update(project).digest('hex').slice(0, 16);
  return path.join(project, 'node_modules/.cache/sluice/programs', `${name}-${checkout}-${process.version}`);
};

/** @returns undefined where it cannot be read: moved or removed */
const hashOf = (file: string): string | undefined => {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch {
    return undefined;
  }
};

const read = (file: string): Kept | undefined => {
  try {
    return deserialize(readFileSync(file)) as Kept;
  } catch {
    // There is none yet, or another version of Node wrote it: it is made again.
    return undefined;
  }
};

/** All of it or nothing: other processes read and write it as well. A cache that cannot be written only saves no time. */
const write = (file: string, kept: Kept): void => {
  const part = `${file}.${process.pid}.part`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(part, serialize(kept));
    renameSync(part, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'ENOSPC') throw error;
  }
};

/**
 * Where a program is kept. Checkouts may share a directory of packages, and one may be a copy of another: each has programs of its own, or it would
 * get those of the other for as long as the other's sources stay as they are.
 */
export const keptFile = (directory: string, project: string, name: string): string => {
  const place = createHash('sha256').update(project).digest('hex').slice(0, 12);
  return path.join(directory, `${name}-${process.version}-${place}`);
};

/**
 * @param file where it is kept
 * @param tools further files that what is made depends on: the code that makes it, what is installed
 * @param make is called if nothing is kept, or a source has changed since
 */
export const keptModule = (file: string, tools: readonly string[], make: () => Bundled): Module => {
  const kept = read(file);
  if (kept?.sources.every(([source, hash]) => hashOf(source) === hash) === true) return kept.module;
  const began = Date.now() - DATE_STEP;
  const { module, sources } = make();
  const hashed: [string, string][] = [];
  for (const source of [...sources, ...tools]) {
    const hash = hashOf(source);
    // What is saved while it is being bundled may have been read before.
    if (hash === undefined || statSync(source).mtimeMs >= began) return module;
    hashed.push([source, hash]);
  }
  write(file, { module, sources: hashed });
  return module;
};
