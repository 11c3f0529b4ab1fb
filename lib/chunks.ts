/** The files that a bundled module is split into, under names that depend on their content alone. */

/** A file that esbuild made. */
export interface Output {
  readonly code: Uint8Array;
  /** Absent where all of it comes from packages: a stack's frames in there are nobody's to fix, and a map takes its time to read. */
  readonly sourceMap?: Uint8Array;
}

/** Packages in CommonJS call `require` for Node's own modules; an ES module has none. */
export const REQUIRE_BANNER = `import{createRequire as sluiceCreateRequire}from'node:module';const require=sluiceCreateRequire(import.meta.url);`;

/** As esbuild is told to name them, and as they are named in the code of those that load them. */
export const CHUNK_NAMES = 'chunk-[hash]';
const NAME = /chunk-[A-Z0-9]{8}(?=\.mjs")/g;

/**
 * In esbuild's names is a hash of the places of packages. These are numbered instead, in the order in which they are met; at the same length,
 * because the source maps count columns.
 * @param made esbuild's outputs by name
 */
export const numbered = (
  entry: Output,
  made: ReadonlyMap<string, Output>,
): { readonly entry: Output; readonly chunks: ReadonlyMap<string, Output> } => {
  const names = new Map<string, string>();
  const rename = (output: Output): Output => {
    const code = Buffer.from(output.code)
      .toString()
      .replace(NAME, (name) => {
        const number = names.get(name) ?? `chunk-${String(names.size + 1).padStart(8, '0')}`;
        names.set(name, number);
        return number;
      });
    return { ...output, code: Buffer.from(code) };
  };
  const renamed = rename(entry);
  const chunks = new Map<string, Output>();
  // Those that are met on the way are visited as well.
  for (const [name, number] of names) {
    const output = made.get(`${name}.mjs`);
    if (output === undefined) throw new Error(`esbuild made no ${name}.mjs`);
    chunks.set(`${number}.mjs`, rename(output));
  }
  return { entry: renamed, chunks };
};
