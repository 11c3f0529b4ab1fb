/** The template that the configuration in this directory makes, or the app that `cdk deploy` would run here. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError, type Settings } from '../../local/common/settings.ts';
import { appOf, configuredApp, runApp } from '../../local/run/app.ts';
import { synthesize } from '../../local/run/synth.ts';
import { chosenPipeline, stacksOf, type StackArtifact } from '../../local/template/manifest.ts';
import { readTree, type TemplateTree } from '../../local/template/tree.ts';
import { CommandFailure } from '../failure.ts';
import { NotRead } from './finding.ts';

export interface WantedOptions {
  readonly settings: Settings;
  readonly cwd: string;
  /** For the app, as with the CDK's `-c`. */
  readonly context?: Readonly<Record<string, string>>;
  /** The stack that is wanted. @default - that of the pipeline */
  readonly stack?: string;
  /** As the CDK's CLI says where it deploys to. */
  readonly account?: string | undefined;
  readonly region?: string | undefined;
}

/** @throws CommandFailure when it is not clear which one is meant; NotRead */
export const chosenStack = (
  stacks: readonly StackArtifact[],
  { stack: wanted, settings }: WantedOptions,
): StackArtifact => {
  if (wanted === undefined) {
    try {
      return chosenPipeline(stacks, settings.pipeline).stack;
    } catch (error) {
      if (error instanceof UsageError) throw new CommandFailure(error.message, { cause: error });
      throw error;
    }
  }
  const found = stacks.find(({ stackName }) => stackName === wanted);
  if (found !== undefined) return found;
  const names = stacks.map(({ stackName }) => stackName).join(', ');
  throw new NotRead(
    `the app here has no stack ${wanted}, but ${names}: run this in the directory that deploys it, with the context of the deployment (-c stackName=${wanted})`,
  );
};

const fromApp = async (command: string, options: WantedOptions): Promise<TemplateTree> => {
  const { cwd, context = {}, account, region } = options;
  const outdir = await mkdtemp(join(tmpdir(), 'sluice-doctor-'));
  try {
    const env = {
      ...(account === undefined ? {} : { CDK_DEFAULT_ACCOUNT: account }),
      ...(region === undefined ? {} : { CDK_DEFAULT_REGION: region }),
    };
    await runApp({ command, cwd, outdir, context, env });
    return await readTree(chosenStack(await stacksOf(outdir), options));
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
};

const fromConfig = async (options: WantedOptions): Promise<TemplateTree> =>
  readTree(chosenStack(await stacksOf(await synthesize(options.settings)), options));

const NOTHING = new NotRead(
  'there is neither a cdk.json nor a configuration in this directory: run it where the deployment is made, or give --app',
);

/** What would be deployed to AWS. @throws UsageError with the app's own words when it refuses the configuration; NotRead */
export const wantedOnAws = async (options: WantedOptions): Promise<TemplateTree> => {
  const { settings, cwd } = options;
  const app = settings.app ?? (await configuredApp(cwd));
  if (app !== undefined) return fromApp(app, options);
  if (!existsSync(settings.configPath)) throw NOTHING;
  return fromConfig(options);
};

/** What the local run would run. @throws as above */
export const wantedHere = async (options: WantedOptions): Promise<TemplateTree> => {
  const { settings, cwd } = options;
  const { app = settings.app } = await appOf(settings, cwd);
  if (app !== undefined) return fromApp(app, options);
  if (!existsSync(settings.configPath)) throw NOTHING;
  return fromConfig(options);
};
