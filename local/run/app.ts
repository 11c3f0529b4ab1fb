/** Runs a CDK app that is not Sluice's own: any program that synthesizes when it is run, as the CDK's CLI runs it. */
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError, type Settings } from '../common/settings.ts';
import { runProcess } from '../common/subprocess.ts';

export interface AppOptions {
  /** The app, as the `app` of a `cdk.json`: a command of the shell. */
  readonly command: string;
  /** Where it is run. */
  readonly cwd: string;
  /** Of the assembly; what was there is removed. */
  readonly outdir: string;
  /** On top of what `cdk.json` has, as with the CDK's `-c`. */
  readonly context?: Readonly<Record<string, string>>;
  /** On top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

type Context = Readonly<Record<string, unknown>>;

const readFileOf = async (cwd: string, name: string): Promise<Context> =>
  JSON.parse(await readFile(join(cwd, name), 'utf8').catch(() => '{}')) as Context;

/** The CDK's CLI hands the app the context of `cdk.json`, and in `cdk.context.json` what it has looked up in the account. */
const contextOf = async (cwd: string): Promise<Context> => {
  const { context } = (await readFileOf(cwd, 'cdk.json')) as { context?: Context };
  return { ...(await readFileOf(cwd, 'cdk.context.json')), ...context };
};

/** The app of `cdk.json`, which `cdk deploy` would run. */
export const configuredApp = async (cwd: string): Promise<string | undefined> =>
  ((await readFileOf(cwd, 'cdk.json')) as { app?: string }).app;

/** For a local run: where there is no configuration, that app. */
export const appOf = async (
  { app, configPath }: Pick<Settings, 'app' | 'configPath'>,
  cwd: string,
): Promise<Pick<Settings, 'app'>> => {
  if (app !== undefined || existsSync(configPath)) return {};
  const found = await configuredApp(cwd);
  return found === undefined ? {} : { app: found };
};

/** The app's own words: the last lines of what it said. */
const LINES = 30;

/** @throws UsageError with the app's own words when it ends with an error, or synthesizes nothing */
export const runApp = async ({ command, cwd, outdir, context = {}, env = {} }: AppOptions): Promise<void> => {
  await rm(outdir, { recursive: true, force: true });
  const { code, stdout, stderr } = await runProcess('/bin/sh', ['-c', command], {
    cwd,
    env: {
      // AWS's rules for templates are for those who deploy, and take seconds.
      CDK_VALIDATION: 'false',
      ...process.env,
      ...env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({ ...(await contextOf(cwd)), ...context }),
    },
  });
  if (code === 0) return;
  const said = `${stdout}${stderr}`.trim().split('\n').slice(-LINES).join('\n');
  throw new UsageError(`${command} ended with code ${String(code)}${said === '' ? '' : `:\n${said}`}`);
};
