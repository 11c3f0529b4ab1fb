/** The code of one destination of Segment's catalogue, with as much of the library as it needs: a module that the destination's thread loads. */
import { buildSync } from 'esbuild';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CATALOGUE_PACKAGE, moduleOf, openLibrary } from '../config/catalogue/library.ts';
import { ConfigError } from '../config/index.ts';
import { REQUIRE_BANNER } from './chunks.ts';

const CROSS_FETCH = fileURLToPath(new URL('shims/cross-fetch.cjs', import.meta.url));

/** What would go past the client that guards where requests go. */
const NETWORK = new Set([
  'http',
  'https',
  'http2',
  'net',
  'tls',
  'dgram',
  'dns',
  'child_process',
  'cluster',
  'worker_threads',
]);

/**
 * Its name names schemas in the library, as a URI: a name with a space is none to the validator's newer versions. All is required and not
 * imported, so that there is one copy of the library: it recognizes its own classes.
 */
const entryOf = (file: string, name: string): string => `
const { default: definition } = require(${JSON.stringify(file)});
const { Destination } = require('@segment/actions-core');
const { parseFql, validate } = require('@segment/destination-subscriptions');
export const destination = new Destination({ ...definition, name: ${JSON.stringify(name)} });
// It keeps every answer that it ever got.
for (const action of Object.values(destination.actions)) action.removeAllListeners('response');
export { parseFql, validate };
`;

export interface CatalogueSource {
  readonly name: string;
  /** The destination of the configuration that has it. */
  readonly id: string;
}

/** @param config of a function, as `bundle.json` has it */
export const catalogueIn = (config: object): CatalogueSource | undefined => {
  const { destination: one } = config as {
    destination?: { id: string; type: string; destination?: string };
  };
  return one?.type === 'actions' && one.destination !== undefined
    ? { name: one.destination, id: one.id }
    : undefined;
};

/** A client whose native code cannot be bundled, and need not be: it opens connections. The override in `package.json` leaves it out here. */
const SFTP = 'ssh2-sftp-client';

const packageOf = (input: string): string => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? input;

const made = new Map<string, Uint8Array>();

/** @throws ConfigError for one that cannot be bundled, or that opens connections of its own */
export const bundleCatalogue = (
  { name, id }: CatalogueSource,
  baseDir: string,
  where: string,
): Uint8Array => {
  const refuse = (why: string): ConfigError =>
    new ConfigError([`destination ${JSON.stringify(id)}: ${name} of the catalogue ${why}`], where);
  const library = openLibrary(baseDir);
  if (library === undefined) throw refuse(`needs the package ${CATALOGUE_PACKAGE}`);
  const file = moduleOf(library.directory, name);
  const known = made.get(file);
  if (known !== undefined) return known;
  let built;
  try {
    built = buildSync({
      stdin: { contents: entryOf(file, name), resolveDir: library.directory, sourcefile: `${name}.js` },
      absWorkingDir: library.directory,
      outdir: library.directory,
      write: false,
      bundle: true,
      minify: true,
      // Errors of the library are recognized by their names.
      keepNames: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      alias: { 'cross-fetch': CROSS_FETCH },
      external: [SFTP],
      banner: { js: REQUIRE_BANNER },
      metafile: true,
      logLevel: 'silent',
    });
  } catch (error) {
    throw refuse(
      `cannot be bundled: ${error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : ''}`,
    );
  }
  const { inputs } = built.metafile;
  const own = Object.entries(inputs).flatMap(([input, { imports }]) => {
    const outside = imports.flatMap(({ external, path: name }) => (external === true ? name : []));
    if (outside.includes(SFTP)) return [SFTP];
    const isOwn = outside.some((name) => isBuiltin(name) && NETWORK.has(name.replace('node:', '')));
    return isOwn ? [packageOf(path.resolve(library.directory, input))] : [];
  });
  if (own.length > 0)
    throw refuse(
      `opens connections of its own (${[...new Set(own)].join(', ')}), which nothing guards; it cannot be used`,
    );
  const [output] = built.outputFiles;
  if (output === undefined) throw refuse('is empty');
  made.set(file, output.contents);
  return output.contents;
};
