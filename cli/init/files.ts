/** What `sluice init` writes: an app of its own, or what an existing CDK app lacks. Pure: from what is there to what is to be written. */

/** Of this package's own `package.json`. */
export interface OwnPackage {
  readonly name: string;
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export interface Existing {
  /** Names of the files in the directory. */
  readonly files: readonly string[];
  /** Its `package.json`, parsed. */
  readonly manifest?: Manifest;
}

interface Manifest {
  readonly name?: string;
  readonly type?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface Plan {
  /** Text by the file's name; of files that are not there yet, and of `package.json`. */
  readonly write: ReadonlyMap<string, string>;
  /** There is a CDK app already: these lines are for its author to put in. */
  readonly paste?: string;
}

/** The CDK of the 2.x line; TypeScript is run by tsx. */
const TOOLS: Readonly<Record<string, string>> = {
  'aws-cdk': '^2.1148.1',
  tsx: '^4.23.0',
  typescript: '^6.0.0',
  '@types/node': '^20.19.0',
};

const PIPELINE = (baseDir: string): string => `new EventPipeline(stack, 'Events', {
  ${baseDir}
  sources: [{ id: 'web', writeKey: 'WRITE_KEY' }],
  destinations: [
    // Where events go; \`sluice dev\` stands in for it on this machine.
    { id: 'crm', type: 'webhook', url: 'http://127.0.0.1:9000/events', transform: './transform.ts' },
  ],
});`;

const APP = (name: string): string => `import { App, Stack } from 'aws-cdk-lib';
import { EventPipeline } from 'sluice-pipeline';

const app = new App();
const stack = new Stack(app, '${name}');

${PIPELINE('baseDir: import.meta.dirname,')}
`;

const TRANSFORM = `import type { Transform } from 'sluice-pipeline';

/** Runs on each event on its way to the destination. Return it, another one, several, or nothing to leave it out. */
const transform: Transform = (event) => event;

export default transform;
`;

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2023',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  },
  include: ['*.ts'],
};

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** A stack's name: letters, digits and dashes. */
const stackName = (directory: string): string => {
  const name = directory.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^[^A-Za-z]+|-+$/g, '');
  return name === '' ? 'Sluice' : name.replace(/^./, (first) => first.toUpperCase());
};

/** Installed by who has a destination of it: with what it depends on it is larger than all else. */
const CATALOGUE = '@segment/action-destinations';

/** The packages that the local run needs are for development: who deploys does without them. */
const dependenciesOf = (
  { name, version, peerDependencies }: OwnPackage,
  spec: string | undefined,
  { dependencies = {}, devDependencies = {} }: Manifest,
) => {
  const isKnown = (one: string): boolean => Object.hasOwn({ ...dependencies, ...devDependencies }, one);
  const missing = (wanted: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(wanted).filter(([one]) => !isKnown(one)));
  const { 'aws-cdk-lib': cdk = '', constructs = '', ...others } = peerDependencies;
  const local = Object.fromEntries(Object.entries(others).filter(([one]) => one !== CATALOGUE));
  return {
    dependencies: {
      ...dependencies,
      ...missing({ 'aws-cdk-lib': cdk, constructs }),
      [name]: spec ?? `^${version}`,
    },
    devDependencies: { ...devDependencies, ...missing({ ...TOOLS, ...local }) },
  };
};

/**
 * @param directory its name
 * @param writeKey of the source
 * @param spec what is installed as this package; by default its own version
 */
export const planOf = (
  directory: string,
  existing: Existing,
  own: OwnPackage,
  { writeKey, spec }: { readonly writeKey: string; readonly spec?: string | undefined },
): Plan => {
  const { files, manifest = {} } = existing;
  const withKey = (text: string): string => text.replace('WRITE_KEY', writeKey);
  const isApp = files.includes('cdk.json');
  const name = stackName(directory);
  const written: Readonly<Record<string, string>> = isApp
    ? { 'transform.ts': TRANSFORM }
    : {
        'app.ts': withKey(APP(name)),
        'cdk.json': json({ app: 'npx tsx app.ts' }),
        'transform.ts': TRANSFORM,
        'tsconfig.json': json(TSCONFIG),
        '.gitignore': 'node_modules/\ncdk.out/\n.sluice/\n',
      };
  const scripts = isApp
    ? {}
    : { dev: 'sluice dev', deploy: 'cdk deploy', check: 'tsc -p .', ...manifest.scripts };
  const merged = {
    name: name.toLowerCase(),
    private: true,
    type: 'module',
    ...manifest,
    ...(Object.keys(scripts).length > 0 && { scripts }),
    ...dependenciesOf(own, spec, manifest),
  };
  const isMissing = ([file]: readonly [string, string]): boolean => !files.includes(file);
  const write = new Map([
    ['package.json', json(merged)] as const,
    ...Object.entries(written).filter(isMissing),
  ]);
  return isApp
    ? {
        write,
        paste: withKey(
          `import { EventPipeline } from 'sluice-pipeline';\n\n${PIPELINE('// Where the paths of transforms begin; without it the working directory.\n  baseDir: process.cwd(),')}`,
        ),
      }
    : { write };
};
