/** Modules that are named at run time: TypeScript in a checkout, JavaScript in a package. */
import { extname } from 'node:path';

const TYPESCRIPT = '.ts';

/**
 * @param name relative to the module that asks, without an ending
 * @param from the URL of the module that asks
 */
export const ownModule = (name: string, from: string): URL =>
  new URL(`${name}${extname(new URL(from).pathname)}`, from);

/** What Node is told, so that a process can run such a module. */
export const loaderFor = (from: string): readonly string[] =>
  extname(new URL(from).pathname) === TYPESCRIPT ? ['--import', import.meta.resolve('tsx')] : [];
