/** From the sources to what runs: a synthesis, and its deployment to the local cloud. One at a time. */
import { join } from 'node:path';
import pLimit from 'p-limit';
import { ConfigError } from '../../config/index.ts';
import { CANARY_CONTEXT, type CanaryVariant } from '../../contract/canary.ts';
import { loadConfig } from '../../config/load.ts';
import { UsageError, type Settings } from '../common/settings.ts';
import { runApp } from './app.ts';
import type { LocalCloud } from './cloud.ts';
import { exposedSecrets } from './private-data.ts';
import { copyAssembly, synthesize } from './synth.ts';

/** Takes what the user should see, with the part of the run that reports it. */
export type OnTrouble = (source: string, line: string) => void;

export interface Deployed {
  readonly deployed: true;
  /** Of the configuration: what is accepted and should be changed, a line each. */
  readonly warnings: readonly string[];
}

export interface DeployOptions {
  /** A transform that does not load is deployed as well. */
  readonly unchecked: boolean;
  /** What takes the place of the canary's destination, until the next deployment. */
  readonly canary?: CanaryVariant;
}

export interface Deployments {
  /** @throws UsageError when the sources are refused; what runs is left as it is */
  readonly synthesize: () => Promise<{ readonly assembly: string; readonly warnings: readonly string[] }>;
  /** Synthesizes, and deploys. @throws UsageError as above */
  readonly redeploy: (options: DeployOptions) => Promise<Deployed>;
  /**
   * Takes up what has changed, by the shortest way that does.
   * @param changed absolute paths
   * @returns the configuration's keys of the transforms that were changed, where nothing else was
   * @throws UsageError as above
   */
  readonly takeUp: (changed: readonly string[]) => Promise<readonly string[] | undefined>;
}

type Context = Readonly<Record<string, string>>;

interface Target {
  /** @throws UsageError when it is not up yet */
  readonly cloud: () => LocalCloud;
  /** After each deployment but the first. */
  readonly onDeployed: (cloud: LocalCloud) => Promise<unknown>;
}

export const deployments = (
  settings: Settings,
  { cloud, onDeployed }: Target,
  onTrouble: OnTrouble,
): Deployments => {
  const oneAtATime = pLimit(1);
  // With the data: the cache may drop its copy while functions still run from it.
  const assembly = join(settings.dataDir, 'cdk.out');
  /** Files that the configuration itself is made of: a change of one is more than new code. */
  let configInputs: readonly string[] = [];

  const ofConfig = async (checkTransforms: boolean, context: Context): Promise<readonly string[]> => {
    try {
      const { warnings, inputs } = await loadConfig(settings.configPath, settings.controlInterval);
      configInputs = inputs;
      for (const warning of warnings) onTrouble('config', warning);
      await copyAssembly(await synthesize({ ...settings, checkTransforms, context }), assembly);
      return warnings;
    } catch (error) {
      if (error instanceof ConfigError) throw new UsageError(error.message, { cause: error });
      throw error;
    }
  };

  const ofApp = async (command: string, context: Context): Promise<readonly string[]> => {
    const outdir = join(settings.dataDir, 'app.out');
    await runApp({ command, cwd: process.cwd(), outdir, context });
    await copyAssembly(outdir, assembly);
    return [];
  };

  const make = async ({ unchecked, canary }: DeployOptions) => {
    const context: Context = canary === undefined ? {} : { [CANARY_CONTEXT]: canary };
    const exposed = await exposedSecrets(settings.dataDir);
    if (exposed !== undefined) onTrouble('secrets', exposed);
    const { app, checkTransforms } = settings;
    const warnings =
      app === undefined ? await ofConfig(checkTransforms && !unchecked, context) : await ofApp(app, context);
    return { assembly, warnings };
  };

  const redeploy = async (options: DeployOptions): Promise<Deployed> => {
    const { warnings } = await make(options);
    await cloud().deploy(assembly);
    await onDeployed(cloud());
    return { deployed: true, warnings };
  };

  return {
    synthesize: () => oneAtATime(() => make({ unchecked: false })),
    redeploy: (options) => oneAtATime(() => redeploy(options)),
    takeUp: (changed) =>
      oneAtATime(async () => {
        const isConfig = changed.some((file) => configInputs.includes(file));
        const swapped = isConfig
          ? undefined
          : await cloud().swap(changed, assembly, settings.checkTransforms);
        if (swapped === undefined) await redeploy({ unchecked: false });
        return swapped;
      }),
  };
};
