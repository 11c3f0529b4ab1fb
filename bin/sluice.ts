/**
 * The CDK app: `sluice.config.ts` becomes a stack. The CDK CLI runs it (`npx cdk synth`), and so does anything that wants
 * the assembly alone, which takes less time: `CDK_OUTDIR=cdk.out npx tsx bin/sluice.ts`. Both give the same template.
 *
 * Environment: `SLUICE_CONFIG`, the configuration's path (default `sluice.config.ts`).
 * Context (`-c name=value`): `stackName` (default `Sluice`), `namePrefix`, `removalPolicy` (`retain` or `destroy`),
 * `encryptionKey` (a key's ARN), `secretKeys` (ARNs, with commas between them), `faultInjection` (`true` or `false`), `dashboard` (`true` or `false`), `checkTransforms` (`true` or `false`), `controlSeconds` (of a local run: see the props);
 * and of `npx sluice verify --deploy`, read by the construct: `sluice:canary` (`removed` or `concurrency`).
 */
import { App, RemovalPolicy } from 'aws-cdk-lib';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ASSEMBLY_CHECK, ASSEMBLY_INPUTS, type AssemblyInputs } from '../config/assembly.ts';
import { ConfigError } from '../config/index.ts';
import { loadConfig } from '../config/load.ts';
import { checkProgram } from '../lib/code.ts';
import { SluiceStack } from '../lib/index.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/**
 * The CLI's runs validate the template against AWS's rules, which takes seconds and is for those who deploy. (They do so
 * through a variable of aws-cdk-lib's own.)
 */
if (process.env['CDK_CLI_VERSION'] === undefined) process.env['CDK_VALIDATION'] ??= 'false';

/** The CLI passes the context of `cdk.json` automatically, and its own on top. */
const context = (): Record<string, unknown> => {
  const text = readFileSync(path.join(PROJECT, 'cdk.json'), 'utf8');
  const cdkJson = JSON.parse(text) as { context: Record<string, unknown> };
  return {
    ...cdkJson.context,
    // What the CLI sets without being asked.
    'aws:cdk:enable-path-metadata': true,
    'aws:cdk:enable-asset-metadata': true,
  };
};

const text = (app: App, key: string): string | undefined => {
  const value: unknown = app.node.tryGetContext(key);
  if (value === undefined || typeof value === 'string') return value;
  throw new ConfigError([`expected a text, and got ${JSON.stringify(value)}`], `context ${key}`);
};

const removalPolicy = (app: App): RemovalPolicy => {
  const value = text(app, 'removalPolicy') ?? 'retain';
  if (value === 'retain') return RemovalPolicy.RETAIN;
  if (value === 'destroy') return RemovalPolicy.DESTROY;
  throw new ConfigError(
    [`${JSON.stringify(value)} is unknown; use retain or destroy`],
    'context removalPolicy',
  );
};

/** On the command line it is a text; in `cdk.json` it may be either. */
const flag = (app: App, key: string, byDefault: boolean): boolean => {
  const value: unknown = app.node.tryGetContext(key) ?? byDefault;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new ConfigError([`${JSON.stringify(value)} is unknown; use true or false`], `context ${key}`);
};

/** What the app itself is made of. */
const appInputs = (): string[] => [
  ...['bin', 'config', 'contract', 'lib'].flatMap((directory) =>
    readdirSync(path.join(PROJECT, directory), { recursive: true, encoding: 'utf8' }).map((file) =>
      path.join(PROJECT, directory, file),
    ),
  ),
  ...['cdk.json', 'package-lock.json', 'tsconfig.json'].map((file) => path.join(PROJECT, file)),
];

/** Of a local run that runs control more often than the template says. */
const controlSeconds = (app: App): number | undefined => {
  const value: unknown = app.node.tryGetContext('controlSeconds');
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (seconds > 0) return seconds;
  throw new ConfigError([`${JSON.stringify(value)} is not a number of seconds`], 'context controlSeconds');
};

const synthesize = async (): Promise<void> => {
  const app = new App({
    context: context(),
    outdir: process.env['CDK_OUTDIR'] ?? 'cdk.out',
    analyticsReporting: false,
    // Below, and only when everything was well.
    autoSynth: false,
  });
  const seconds = controlSeconds(app);
  const interval = seconds === undefined ? undefined : seconds * 1000;
  const { source, name, baseDir, inputs, cacheable } = await loadConfig(undefined, interval);
  const namePrefix = text(app, 'namePrefix');
  const encryptionKey = text(app, 'encryptionKey');
  const secretKeys = text(app, 'secretKeys')?.split(',') ?? [];
  const { pipeline } = new SluiceStack(app, text(app, 'stackName') ?? 'Sluice', {
    pipeline: {
      ...source,
      baseDir,
      configName: name,
      removalPolicy: removalPolicy(app),
      faultInjection: flag(app, 'faultInjection', false),
      dashboard: flag(app, 'dashboard', true),
      checkTransforms: flag(app, 'checkTransforms', true),
      controlSeconds: seconds,
      secretKeys,
      ...(namePrefix !== undefined && { namePrefix }),
      ...(encryptionKey !== undefined && { encryptionKey }),
    },
  });
  const { directory } = app.synth();
  const files = new Set([...appInputs(), ...inputs, ...pipeline.inputs]);
  const written: AssemblyInputs = { inputs: [...files].sort(), cacheable };
  writeFileSync(path.join(directory, ASSEMBLY_INPUTS), `${JSON.stringify(written, null, 2)}\n`);
  writeFileSync(path.join(directory, ASSEMBLY_CHECK), checkProgram());
};

try {
  await synthesize();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  // The reader can fix what it says; a stack trace would only hide it.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
