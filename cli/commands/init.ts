/** `sluice init`: a new app with a pipeline in it, or a pipeline for a CDK app that is there. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { ownPackage } from '../../contract/version.ts';
import { runProcess } from '../../local/common/subprocess.ts';
import { examples } from '../arguments.ts';
import { CommandFailure, messageOf } from '../failure.ts';
import { planOf, type Existing } from '../init/files.ts';
import { print } from '../terminal.ts';

interface Options {
  readonly install: boolean;
  readonly package?: string;
}

/** Bytes: 27 characters that cannot be guessed. A write key is no secret, though: it is in pages and apps. */
const KEY_BYTES = 20;

const readExisting = async (directory: string): Promise<Existing> => {
  const files: readonly string[] = await readdir(directory);
  if (!files.includes('package.json')) return { files };
  const file = join(directory, 'package.json');
  try {
    const manifest = JSON.parse(await readFile(file, 'utf8')) as NonNullable<Existing['manifest']>;
    return { files, manifest };
  } catch (error) {
    throw new CommandFailure(`${file} is not JSON: ${messageOf(error)}`, { cause: error });
  }
};

/** A path is relative to where the command runs, and a manifest's to where that lies. */
const specIn = (directory: string, spec: string | undefined): string | undefined =>
  spec === undefined || !/^(\.{1,2}\/|\/)/.test(spec) ? spec : `file:${relative(directory, resolve(spec))}`;

const install = async (directory: string): Promise<void> => {
  const { code, stdout, stderr } = await runProcess('npm', ['install', '--no-audit', '--no-fund'], {
    cwd: directory,
  });
  if (code === 0) return;
  throw new CommandFailure(
    `the files are written, and npm install ended with code ${String(code)}:\n${`${stdout}${stderr}`.trim()}`,
  );
};

const init = async (target: string, { install: installs, package: spec }: Options): Promise<void> => {
  const directory = resolve(target);
  await mkdir(directory, { recursive: true });
  const existing = await readExisting(directory);
  const writeKey = randomBytes(KEY_BYTES).toString('base64url');
  const { write, paste } = planOf(basename(directory), existing, ownPackage(), {
    writeKey,
    spec: specIn(directory, spec),
  });
  for (const [name, text] of write) {
    await writeFile(join(directory, name), text);
    print(`${existing.files.includes(name) ? 'changed' : 'wrote  '}  ${join(target, name)}`);
  }
  if (installs) {
    print('Installing ...');
    await install(directory);
  }
  if (paste !== undefined) print(`\nPut the pipeline into a stack of your app:\n\n${paste}\n`);
  const steps = [
    ...(directory === process.cwd() ? [] : [`cd ${target}`]),
    ...(installs ? [] : ['npm install']),
    'npx sluice dev     # the pipeline on this machine; events are printed',
    'npx sluice send    # an event, in another terminal',
  ];
  print(`\nNext:\n${steps.map((step) => `  ${step}`).join('\n')}`);
};

export const addInit = (program: Command): void => {
  program
    .command('init')
    .description('write an app with a pipeline in it, or add Sluice to a CDK app')
    .argument('[directory]', 'where; created when absent', '.')
    .option('--no-install', 'do not run npm install')
    .option('--package <spec>', 'what is installed as sluice-pipeline: a version, a tag or a tarball')
    .addHelpText('after', examples('npx sluice init shop-events', 'npx sluice init'))
    .action(init);
};
