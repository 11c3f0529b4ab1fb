/** A bundled module as the files of a directory: how a package of Sluice brings the programs that it deploys. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Output } from './chunks.ts';

/** What a file was bundled to. */
export interface Module extends Output {
  readonly exports: readonly string[];
  /** Absolute paths of the files that it was made of, packages left out. */
  readonly inputs: readonly string[];
  /** Further files that it loads, by name. */
  readonly chunks: ReadonlyMap<string, Output>;
}

interface Manifest {
  readonly exports: readonly string[];
  /** Names of the chunks' files. */
  readonly chunks: readonly string[];
}

const MANIFEST = 'module.json';
const ENTRY = 'module.mjs';

const mapOf = (file: string): string => `${file}.map`;

const writeOutput = (directory: string, name: string, { code, sourceMap }: Output): void => {
  const file = path.join(directory, name);
  writeFileSync(file, code);
  if (sourceMap !== undefined) writeFileSync(mapOf(file), sourceMap);
};

const readOutput = (directory: string, name: string): Output => {
  const file = path.join(directory, name);
  const code = readFileSync(file);
  const hasMap = statSync(mapOf(file), { throwIfNoEntry: false }) !== undefined;
  return hasMap ? { code, sourceMap: readFileSync(mapOf(file)) } : { code };
};

/** @param directory is created */
export const packModule = (directory: string, module: Module): void => {
  mkdirSync(directory, { recursive: true });
  const manifest: Manifest = { exports: module.exports, chunks: [...module.chunks.keys()] };
  writeFileSync(path.join(directory, MANIFEST), JSON.stringify(manifest));
  writeOutput(directory, ENTRY, module);
  for (const [name, chunk] of module.chunks) writeOutput(directory, name, chunk);
};

/** @returns undefined where there is no such directory: in a checkout, which has the sources instead */
export const packagedModule = (directory: string): Module | undefined => {
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) return undefined;
  const manifest = JSON.parse(readFileSync(path.join(directory, MANIFEST), 'utf8')) as Manifest;
  const chunks = new Map(manifest.chunks.map((name) => [name, readOutput(directory, name)]));
  return { ...readOutput(directory, ENTRY), exports: manifest.exports, inputs: [], chunks };
};
