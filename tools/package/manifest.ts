/** `package.json` of the package, from the checkout's own: which of its dependencies an installation needs, and where its entries are. */
import { isBuiltin } from 'node:module';

/** What the checkout's `package.json` says that the package's needs. */
export interface Checkout {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** `sluice` alone is a word that others may have: a name that nobody has is one that can be published. */
export const PACKAGE_NAME = 'sluice-pipeline';

/** They belong to the app that has the construct in it: with two copies of them nothing would fit. */
const PEERS: Readonly<Record<string, string>> = { 'aws-cdk-lib': '^2.276.0', constructs: '^10.8.1' };

/** For destinations of Segment's catalogue alone. Its code is bundled with the project's own. */
const CATALOGUE: Readonly<Record<string, string>> = { '@segment/action-destinations': '^3.497.0' };

/** For the local run alone: the local cloud's stores. Who only deploys does without them; `sluice init` installs them. */
export const LOCAL_ONLY: readonly string[] = ['@aws-sdk/client-dynamodb', 'dynalite', 'libsql'];

/** For a check each of `sluice doctor`, which says that it is not made, and what to install. */
const DOCTOR_ONLY: readonly string[] = [
  '@aws-sdk/client-api-gateway',
  '@aws-sdk/client-eventbridge',
  '@aws-sdk/client-ssm',
];

const OPTIONAL: readonly string[] = [...LOCAL_ONLY, ...DOCTOR_ONLY];

const entry = (file: string) => ({ types: `./${file}.d.ts`, default: `./${file}.js` });

const pick = (from: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => {
      const version = from[name];
      if (version === undefined)
        throw new Error(`package.json has no dependency ${name}, which the package imports`);
      return [name, version];
    }),
  );

const mapValues = (
  record: Readonly<Record<string, string>>,
  map: (value: string) => string,
): Record<string, string> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

/** Which package a specifier is of; undefined for Node's own modules and for files. */
export const packageOf = (specifier: string): string | undefined => {
  if (specifier.startsWith('.') || isBuiltin(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
};

/**
 * @param imported names of the packages that the package's modules import
 * @throws Error that names an import which the checkout has no dependency for
 */
export const manifestOf = (checkout: Checkout, imported: ReadonlySet<string>): object => {
  const { version, description, license, engines, dependencies } = checkout;
  const own = [...imported].filter((name) => PEERS[name] === undefined).sort();
  const optional = own.filter((name) => OPTIONAL.includes(name));
  return {
    name: PACKAGE_NAME,
    version,
    description,
    license,
    keywords: ['cdk', 'aws-cdk', 'rudderstack', 'segment', 'events', 'pipeline', 'sqs', 'lambda'],
    type: 'module',
    engines,
    bin: { sluice: './cli/bin.js', [PACKAGE_NAME]: './cli/bin.js' },
    exports: {
      '.': entry('lib/index'),
      './config': entry('config/index'),
      './local': entry('local/index'),
      './package.json': './package.json',
    },
    dependencies: pick(
      dependencies,
      own.filter((name) => !OPTIONAL.includes(name)),
    ),
    // A range: the app may have a later one for itself.
    peerDependencies: {
      ...PEERS,
      ...mapValues(pick(dependencies, optional), (version) => `^${version}`),
      ...CATALOGUE,
    },
    peerDependenciesMeta: Object.fromEntries(
      [...optional, ...Object.keys(CATALOGUE)].map((name) => [name, { optional: true }]),
    ),
  };
};
